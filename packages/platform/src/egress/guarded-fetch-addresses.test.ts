import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInOwnNetwork, isPublicAddress } from "./guarded-fetch-addresses.ts";

describe("a public address", () => {
  it.each(["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "192.169.0.1", "223.255.255.255"])(
    "%s is one",
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each(["2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001:812::200e"])("%s is one", (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  it.each(["::ffff:8.8.8.8", "::ffff:808:808", "64:ff9b::8.8.8.8", "64:ff9b::808:808"])("%s stands for one", (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "this network"],
    ["10.0.0.1", "private"],
    ["100.64.0.1", "carrier-grade NAT"],
    ["100.100.100.200", "metadata of Alibaba"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["168.63.129.16", "metadata of Azure"],
    ["169.254.0.1", "link-local"],
    ["169.254.169.254", "metadata of nearly everybody"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.0.0.192", "metadata of Oracle"],
    ["192.0.2.1", "documentation"],
    ["192.31.196.1", "AS112"],
    ["192.52.193.1", "AMT"],
    ["192.88.99.1", "6to4 relays"],
    ["192.168.1.1", "private"],
    ["192.175.48.1", "AS112"],
    ["198.18.0.1", "benchmarks"],
    ["198.51.100.1", "documentation"],
    ["203.0.113.1", "documentation"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.250", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
  ])("%s (%s) is none, in no form of IPv6 either", (address) => {
    expect(isPublicAddress(address)).toBe(false);
    for (const form of ipv6FormsOf(address)) expect([form, isPublicAddress(form)]).toEqual([form, false]);
  });

  it.each([
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::7f00:1", "IPv4-compatible"],
    ["::8.8.8.8", "IPv4-compatible, which is not the same as mapped"],
    ["::ffff:0:8.8.8.8", "RFC 6145"],
    ["64:ff9b:1::8.8.8.8", "NAT64 of a local network"],
    ["100::1", "discarded"],
    ["100:0:0:1::1", "a dummy"],
    ["2001::1", "Teredo"],
    ["2001:2::1", "benchmarks"],
    ["2001:10::1", "ORCHID"],
    ["2001:20::1", "ORCHID"],
    ["2001:db8::1", "documentation"],
    ["2002:808:808::1", "6to4"],
    ["2a00::5efe:a00:1", "ISATAP"],
    ["2a00::200:5efe:808:808", "ISATAP"],
    ["3fff::1", "documentation"],
    ["4000::1", "not given out"],
    ["5f00::1", "segment routing"],
    ["fc00::1", "unique local"],
    ["fd00:ec2::254", "metadata of AWS"],
    ["fd20:ce::254", "metadata of Google"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "link-local with a zone"],
    ["2a00::1%eth0", "a zone"],
    ["fec0::1", "site-local"],
    ["ff02::1", "multicast"],
  ])("%s (%s) is none", (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(["", "localhost", "127.1", "0x7f.0.0.1", "010.8.8.8", "134744072", "8.8.8.8:80", "[::1]", " 8.8.8.8"])(
    "%j is none: sockets would not take it as it stands",
    (address) => expect(isPublicAddress(address)).toBe(false),
  );

  it("is the same in every way to write it", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
        expect(isPublicAddress(address)).toBe(isPublicAddress(canonical));
        expect(isPublicAddress(address.toUpperCase())).toBe(isPublicAddress(canonical));
      }),
    );
  });

  it("is, for every IPv4 address, what its mapped and its NAT64 form are", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address));
      }),
    );
  });
});

describe("the own network", () => {
  const interfaces = {
    lo: [{ address: "127.0.0.1", cidr: "127.0.0.1/8", family: "IPv4", netmask: "255.0.0.0", mac: "", internal: true }],
    eth0: [
      { address: "8.8.4.10", cidr: "8.8.4.10/24", family: "IPv4", netmask: "255.255.255.0", mac: "", internal: false },
      { address: "2a00:1:2:3::5", cidr: "2a00:1:2:3::5/64", family: "IPv6", netmask: "", mac: "", internal: false, scopeid: 0 },
    ],
    tun0: [{ address: "9.9.9.9", cidr: null, family: "IPv4", netmask: "", mac: "", internal: false }],
  } satisfies Parameters<typeof isInOwnNetwork>[1];

  it.each(["8.8.4.10", "8.8.4.77", "::ffff:8.8.4.10", "64:ff9b::8.8.4.77", "2a00:1:2:3::5", "2a00:1:2:3:ffff::1", "9.9.9.9"])(
    "has %s",
    (address) => expect(isInOwnNetwork(address, interfaces)).toBe(true),
  );

  it.each(["8.8.8.8", "8.8.5.1", "2a00:1:2:4::5", "9.9.9.8"])("does not have %s", (address) =>
    expect(isInOwnNetwork(address, interfaces)).toBe(false),
  );
});

/** Everything that leads to an IPv4 address somewhere: mapped, compatible, translated, NAT64, 6to4, Teredo (as server and as client), ISATAP. */
function ipv6FormsOf(address: string): string[] {
  const bytes = address.split(".").map(Number);
  const hex = (values: readonly number[]): string =>
    [0, 2].map((at) => ((values[at] ?? 0) * 256 + (values[at + 1] ?? 0)).toString(16)).join(":");
  const obscured = hex(bytes.map((byte) => byte ^ 0xff));
  return [
    `::ffff:${address}`,
    `::ffff:${hex(bytes)}`,
    `0:0:0:0:0:FFFF:${hex(bytes)}`,
    `::${address}`,
    `::${hex(bytes)}`,
    `::ffff:0:${address}`,
    `64:ff9b::${address}`,
    `64:ff9b:1::${address}`,
    `2002:${hex(bytes)}::1`,
    `2001:0:${hex(bytes)}::1`,
    `2001:0:808:808::${obscured}`,
    `fe80::5efe:${hex(bytes)}`,
    `2a00::5efe:${hex(bytes)}`,
  ];
}
