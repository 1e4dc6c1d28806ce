import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { resolveByDns, vetHost } from "./guarded-fetch-host.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

const TYPE_A = 1;
const TYPE_AAAA = 28;
const NO_SUCH_NAME = 3;
const SERVER_FAILURE = 2;

interface Answer {
  readonly code?: number;
  /** Raw addresses, by type of record. */
  readonly records?: Readonly<Record<number, readonly number[]>>;
}

/** A DNS server (RFC 1035) that gives every question the same answer, or none. */
async function startDns(answer: Answer | "silence"): Promise<{ server: string; questions: () => number }> {
  const socket = createSocket("udp4");
  sockets.push(socket);
  let questions = 0;
  socket.on("message", (query, { port, address }) => {
    questions++;
    if (answer === "silence") return;
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const record = answer.records?.[question.readUInt16BE(question.length - 4)];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (answer.code ?? 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(record === undefined ? 0 : 1, 6);
    const parts = [header, question];
    if (record !== undefined) {
      const head = Buffer.from([0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, record.length]);
      question.copy(head, 2, question.length - 4, question.length - 2);
      parts.push(head, Buffer.from(record));
    }
    socket.send(Buffer.concat(parts), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { server: `127.0.0.1:${socket.address().port}`, questions: () => questions };
}

const never = new AbortController().signal;

describe("names are looked up", () => {
  it("for both families", async () => {
    const { server } = await startDns({ records: { [TYPE_A]: [8, 8, 4, 4], [TYPE_AAAA]: [0x2a, 0, ...Array<number>(13).fill(0), 9] } });
    expect(await resolveByDns("images.example.org", never, [server])).toEqual(["8.8.4.4", "2a00::9"]);
  });

  it("for one family where the other has no address", async () => {
    const { server } = await startDns({ records: { [TYPE_A]: [8, 8, 4, 4] } });
    expect(await resolveByDns("images.example.org", never, [server])).toEqual(["8.8.4.4"]);
  });

  it("to nothing where the name does not exist", async () => {
    const { server } = await startDns({ code: NO_SUCH_NAME });
    expect(await resolveByDns("images.example.org", never, [server])).toEqual([]);
  });

  it("with a failure where the server has one", async () => {
    const { server } = await startDns({ code: SERVER_FAILURE });
    await expect(resolveByDns("images.example.org", never, [server])).rejects.toMatchObject({ code: "ESERVFAIL" });
  });

  it("until the caller leaves", async () => {
    const { server, questions } = await startDns("silence");
    const caller = new AbortController();
    const lookup = resolveByDns("images.example.org", caller.signal, [server]);
    const failed = expect(lookup).rejects.toMatchObject({ code: "ECANCELLED" });
    await until(() => questions() > 0);
    caller.abort();
    await failed;
  });
});

describe("a host is vetted", () => {
  const vet = (url: string, resolved: readonly string[]) =>
    vetHost(
      new URL(url),
      () => Promise.resolve(resolved),
      (address) => !address.startsWith("10."),
      never,
    );

  it("and gives the addresses to connect to", async () => {
    expect(await vet("https://images.example.org/", ["8.8.4.4", "2a00::9"])).toEqual(["8.8.4.4", "2a00::9"]);
    expect(await vet("https://8.8.8.8/", [])).toEqual(["8.8.8.8"]);
    expect(await vet("https://[2a00::9]:8443/", [])).toEqual(["2a00::9"]);
  });

  it("and refused when one of its addresses is", async () => {
    await expect(vet("https://images.example.org/", ["8.8.4.4", "10.0.0.1"])).rejects.toMatchObject({ reason: "address" });
  });

  it("and refused in the same words where its name does not exist", async () => {
    const inside = await vet("https://db.example.org/", ["10.0.0.1"]).catch((error: unknown) => error);
    const missing = await vet("https://no.example.org/", []).catch((error: unknown) => error);
    expect(missing).toEqual(inside);
    expect(inside).toMatchObject({ message: "Its host has no address in the public internet." });
  });

  it.each([
    "https://redis/",
    "https://localhost/",
    "https://printer.local/",
    "https://printer.local./",
    "https://PRINTER.LOCAL/",
    "https://metadata.google.internal/",
    "https://nas.home.arpa/",
    "https://app.localhost/",
  ])("and refused without asking anybody where it is %s", async (url) => {
    let asked = 0;
    const resolve = () => Promise.resolve([`8.8.8.${++asked}`]);
    await expect(vetHost(new URL(url), resolve, () => true, never)).rejects.toMatchObject({ reason: "address" });
    expect(asked).toBe(0);
  });
});
