import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { GuardedFetch } from "./guarded-fetch.ts";
import { FetchRefusedError } from "./guarded-fetch-error.ts";

/** Of `images.example.org`, signed by itself, valid from 2020 to 2120; the key protects nothing. */
const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3goIvNVw8HnrCR5a
mKIoa0lgnAvd06Cb85v/SrJVxCGhRANCAARhyf3DSOpNq3XNq2XsoZsERUKERBs8
tpPJw18Mzvp7f8RDDNfYlX8cpVfeRpEVjRiZM3HPd3odkZyGoJAztV0h
-----END PRIVATE KEY-----
`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfDCCASKgAwIBAgIBATAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJpbWFnZXMu
ZXhhbXBsZS5vcmcwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMB0x
GzAZBgNVBAMMEmltYWdlcy5leGFtcGxlLm9yZzBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABGHJ/cNI6k2rdc2rZeyhmwRFQoREGzy2k8nDXwzO+nt/xEMM19iVfxyl
V95GkRWNGJkzcc93eh2RnIagkDO1XSGjUTBPMB0GA1UdEQQWMBSCEmltYWdlcy5l
eGFtcGxlLm9yZzAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTQva21MlMarnGR
4aMWpaDAGuIGsjAKBggqhkjOPQQDAgNIADBFAiEAslfeGNmF0jWOoqclOiNeHNyI
fymx2ITlMgM9/uidIagCIEuu9PheGs0yIevHFjD4hdlRuQccwu1MrTPUXqAqx0aX
-----END CERTIFICATE-----
`;

const servers: (Server | TcpServer)[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen<T extends Server | TcpServer>(server: T): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** @returns the URL of a server that is `images.example.org` to the fetch. */
const serve = async (listener: RequestListener): Promise<string> =>
  `http://images.example.org:${await listen(createServer(listener))}/a.png`;

interface Attempt {
  readonly mediaTypes?: readonly string[];
  readonly maxBytes?: number;
  readonly totalMs?: number;
  readonly allowHttp?: boolean;
  readonly signal?: AbortSignal;
  readonly authorities?: string;
  /** One entry for each question; the last stands for all that follow. */
  readonly dns?: readonly (readonly string[])[];
}

/** Every name is this machine, which counts as the internet here, without 127.0.0.2: that is inside. */
async function attempt(url: string, options: Attempt = {}): Promise<{ type: string; text: string }> {
  const { dns = [["127.0.0.1"]], authorities, totalMs = 20_000, allowHttp = true } = options;
  let questions = 0;
  const guarded = new GuardedFetch(
    { allowHttp, totalMs, connectMs: 5_000 },
    {
      resolve: () => Promise.resolve(dns[Math.min(questions++, dns.length - 1)] ?? []),
      isAllowedAddress: (address) => address === "127.0.0.1",
      ...(authorities === undefined ? {} : { authorities }),
    },
  );
  const { mediaTypes = ["image/png"], maxBytes = 1_000, signal = new AbortController().signal } = options;
  const { bytes, mediaType } = await guarded.fetch(url, { mediaTypes, maxBytes, signal });
  return { type: mediaType, text: bytes.toString() };
}

async function refusal(url: string, options?: Attempt): Promise<FetchRefusedError> {
  const error = await attempt(url, options).catch((reason: unknown) => reason);
  if (!(error instanceof FetchRefusedError)) throw new Error("It was not refused.", { cause: error });
  return error;
}

const PNG = { "content-type": "image/png" };

describe("a guarded fetch", () => {
  it("answers what is there, and of which type it is", async () => {
    const url = await serve((_request, response) => response.writeHead(200, { "content-type": "Image/PNG; q=1" }).end("picture"));
    expect(await attempt(url)).toEqual({ type: "image/png", text: "picture" });
  });

  it("sends nothing that tells of the caller", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const url = await serve(({ headers }, response) => {
      seen.push(headers);
      if (seen.length === 1) response.writeHead(302, { location: "/b.png", "set-cookie": "a=b" }).end();
      else response.writeHead(200, PNG).end();
    });
    await attempt(url, { mediaTypes: ["image/png", "image/gif"] });
    const sent = { accept: "image/png, image/gif", "accept-encoding": "identity", "user-agent": "bonfire", connection: "keep-alive" };
    expect(seen).toEqual([
      { ...sent, host: new URL(url).host },
      { ...sent, host: new URL(url).host },
    ]);
  });

  it("keeps the query and drops the fragment", async () => {
    const url = await serve((request, response) => response.writeHead(200, PNG).end(request.url));
    expect(await attempt(`${url}?a=b#c`)).toMatchObject({ text: "/a.png?a=b" });
  });

  it("speaks TLS to the name that it was given, at the address that was checked", async () => {
    const server = createHttpsServer({ key: PRIVATE_KEY, cert: CERTIFICATE }, (_request, response) =>
      response.writeHead(200, PNG).end("secret"),
    );
    const url = `https://images.example.org:${await listen(server)}/`;
    expect(await attempt(url, { authorities: CERTIFICATE, allowHttp: false })).toMatchObject({ text: "secret" });
  });

  it("does not trust certificates that nobody vouches for, or that are another host's", async () => {
    const port = await listen(
      createHttpsServer({ key: PRIVATE_KEY, cert: CERTIFICATE }, (_request, response) => response.writeHead(200, PNG).end()),
    );
    expect(await refusal(`https://images.example.org:${port}/`)).toMatchObject({ reason: "unreachable" });
    expect(await refusal(`https://other.example.org:${port}/`, { authorities: CERTIFICATE })).toMatchObject({ reason: "unreachable" });
  });

  it.each(["gzip", "x-gzip", "deflate", "br"])("unpacks %s", async (encoding) => {
    const pack = encoding === "br" ? brotliCompressSync : encoding === "deflate" ? deflateSync : gzipSync;
    const url = await serve((_request, response) => response.writeHead(200, { ...PNG, "content-encoding": encoding }).end(pack("picture")));
    expect(await attempt(url)).toMatchObject({ text: "picture" });
  });

  it("ends with the caller's own reason when the caller leaves", async () => {
    let hungUp = false;
    const url = await serve((request, response) => {
      response.writeHead(200, PNG).write("pic");
      request.on("close", () => {
        hungUp = true;
      });
    });
    const caller = new AbortController();
    const fetching = attempt(url, { signal: caller.signal });
    await delay(50);
    caller.abort(new Error("left"));
    await expect(fetching).rejects.toThrow("left");
    await until(() => hungUp);
  });
});

describe("a guarded fetch refuses by its URL", () => {
  it.each([
    "file:///etc/passwd",
    "ftp://images.example.org/",
    "data:image/png;base64,AAAA",
    "//images.example.org/",
    "a.png",
    "",
    "https://",
  ])("%j, which is not https", async (url) => expect(await refusal(url)).toMatchObject({ reason: "scheme" }));

  it("plain http, unless it is allowed", async () => {
    expect(await refusal("http://images.example.org/", { allowHttp: false })).toMatchObject({ reason: "scheme" });
  });

  it("credentials", async () => {
    expect(await refusal("https://me:secret@images.example.org/")).toMatchObject({ reason: "scheme" });
    expect(await refusal("https://me@images.example.org/")).toMatchObject({ reason: "scheme" });
  });

  it("what is too long for one", async () => {
    expect(await refusal(`https://images.example.org/${"a".repeat(10_000)}`)).toMatchObject({ reason: "scheme" });
  });

  it.each([
    "https://127.0.0.2/",
    "https://127.2/",
    "https://0x7f000002/",
    "https://2130706434/",
    "https://0177.0.0.2/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.2]/",
    "https://localhost/",
    "https://①②⑦.0.0.2/",
  ])("the address in %s", async (url) => expect(await refusal(url)).toMatchObject({ reason: "address" }));

  it.each(["https://127.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://0/"])(
    "the address in %s where nothing is put in the place of the internet",
    async (url) => {
      const guarded = new GuardedFetch({ allowHttp: true, totalMs: 5_000, connectMs: 1_000 });
      const fetching = guarded.fetch(url, { mediaTypes: ["image/png"], maxBytes: 1_000, signal: new AbortController().signal });
      await expect(fetching).rejects.toMatchObject({ reason: "address" });
    },
  );

  it("a name that leads inside, without telling where", async () => {
    const { reason, message, cause } = await refusal("https://db.example.org/", { dns: [["127.0.0.2"]] });
    expect({ reason, cause }).toEqual({ reason: "address", cause: undefined });
    expect(message).toBe("Its host has no address in the public internet.");
  });
});

describe("a name that changes its address", () => {
  it("is asked for once, and the connection goes to what was checked", async () => {
    const url = await serve((_request, response) => response.writeHead(200, PNG).end("outside"));
    expect(await attempt(url, { dns: [["127.0.0.1"], ["127.0.0.2"]] })).toMatchObject({ text: "outside" });
  });

  it("is checked again after a redirect to itself", async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests++;
      response.writeHead(302, { location: "/again" }).end();
    });
    expect(await refusal(url, { dns: [["127.0.0.1"], ["127.0.0.2"]] })).toMatchObject({ reason: "address" });
    expect(requests).toBe(1);
  });
});

describe("redirects", () => {
  it.each([301, 302, 303, 307, 308])("of status %d are followed", async (status) => {
    const url = await serve((request, response) => {
      if (request.url === "/a.png") response.writeHead(status, { location: "b.png" }).end();
      else response.writeHead(200, PNG).end(request.url);
    });
    expect(await attempt(url)).toMatchObject({ text: "/b.png" });
  });

  it("are followed three times, not four", async () => {
    const url = await serve((request, response) => {
      const left = Number(new URL(request.url ?? "", "http://x").searchParams.get("left"));
      if (left > 0) response.writeHead(302, { location: `?left=${left - 1}` }).end();
      else response.writeHead(200, PNG).end("arrived");
    });
    expect(await attempt(`${url}?left=3`)).toMatchObject({ text: "arrived" });
    expect(await refusal(`${url}?left=4`)).toMatchObject({ reason: "redirect" });
  });

  it.each([
    ["http://127.0.0.2/", "address"],
    ["http://[::1]/", "address"],
    ["http://localhost/", "address"],
    ["//0x7f.2/", "address"],
    ["file:///etc/passwd", "scheme"],
    ["http://me:secret@images.example.org/", "scheme"],
    ["http://", "scheme"],
  ])("to %s are refused", async (location, reason) => {
    const url = await serve((_request, response) => response.writeHead(302, { location }).end("body"));
    expect(await refusal(url)).toMatchObject({ reason });
  });

  it("that lead nowhere are refused", async () => {
    const url = await serve((_request, response) => response.writeHead(302).end());
    expect(await refusal(url)).toMatchObject({ reason: "redirect" });
  });
});

describe("a guarded fetch refuses by the answer", () => {
  it.each([204, 304, 400, 401, 404, 500])("status %d", async (status) => {
    const url = await serve((_request, response) => response.writeHead(status, PNG).end());
    expect(await refusal(url)).toMatchObject({ reason: "status", message: `Its server answered with status ${status}.` });
  });

  it.each(["text/html; charset=utf-8", "image/pngx", "image/svg+xml", ""])("the type %j", async (type) => {
    const url = await serve((_request, response) => response.writeHead(200, { "content-type": type }).end("<svg/>"));
    expect(await refusal(url)).toMatchObject({ reason: "type" });
  });

  it("no type", async () => {
    const url = await serve((_request, response) => response.writeHead(200).end("picture"));
    expect(await refusal(url)).toMatchObject({ reason: "type" });
  });

  it.each(["compress", "gzip, gzip", "toString"])("the encoding %j", async (encoding) => {
    const url = await serve((_request, response) => response.writeHead(200, { ...PNG, "content-encoding": encoding }).end("picture"));
    expect(await refusal(url)).toMatchObject({ reason: "type" });
  });

  it("a body that is not in the encoding that it claims", async () => {
    const url = await serve((_request, response) => response.writeHead(200, { ...PNG, "content-encoding": "gzip" }).end("picture"));
    expect(await refusal(url)).toMatchObject({ reason: "unreachable" });
  });

  it("a length that is announced and too large, before the body comes", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { ...PNG, "content-length": "1001" });
      response.flushHeaders();
    });
    expect(await refusal(url)).toMatchObject({ reason: "size", message: "It has more than the 1000 bytes that are allowed." });
  });

  it("one byte too many, and not the last that is allowed", async () => {
    const url = await serve((request, response) => response.writeHead(200, PNG).end("a".repeat(request.url === "/a.png" ? 1_000 : 1_001)));
    expect((await attempt(url)).text).toHaveLength(1_000);
    expect(await refusal(`${url}g`)).toMatchObject({ reason: "size" });
  });

  it("a body without end, and hangs up", async () => {
    let hungUp = false;
    const url = await serve((request, response) => {
      response.writeHead(200, PNG);
      const timer = setInterval(() => response.write("a".repeat(100)), 1);
      request.on("close", () => {
        clearInterval(timer);
        hungUp = true;
      });
    });
    expect(await refusal(url)).toMatchObject({ reason: "size" });
    await until(() => hungUp);
  });

  it("little that unpacks to much, before it is all unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const url = await serve((_request, response) => response.writeHead(200, { ...PNG, "content-encoding": "gzip" }).end(bomb));
    expect(await refusal(url, { maxBytes: 1024 * 1024 })).toMatchObject({ reason: "size" });
  });

  it("much that unpacks to nothing", async () => {
    const nothing = gzipSync("");
    const url = await serve((_request, response) => {
      response.writeHead(200, { ...PNG, "content-encoding": "gzip" }).end(Buffer.concat(Array<Buffer>(100).fill(nothing)));
    });
    expect(await refusal(url)).toMatchObject({ reason: "size" });
  });

  it("a body that is shorter than it claims", async () => {
    const port = await listen(
      createTcpServer((socket) => {
        socket.on("error", () => undefined).resume();
        socket.end("HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 100\r\n\r\npicture");
      }),
    );
    expect(await refusal(`http://images.example.org:${port}/`)).toMatchObject({ reason: "unreachable" });
  });

  it("what goes on behind the length that it claims: that is no part of it", async () => {
    const port = await listen(
      createTcpServer((socket) => {
        socket.on("error", () => undefined).resume();
        socket.end("HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 7\r\nconnection: close\r\n\r\npicture and more");
      }),
    );
    expect(await attempt(`http://images.example.org:${port}/`)).toMatchObject({ text: "picture" });
  });

  it("drops that come slowly, when the time for all together is over", async () => {
    let hungUp = false;
    const url = await serve((request, response) => {
      response.writeHead(200, PNG);
      const timer = setInterval(() => response.write("a"), 10);
      request.on("close", () => {
        clearInterval(timer);
        hungUp = true;
      });
    });
    expect(await refusal(url, { totalMs: 300 })).toMatchObject({ reason: "time" });
    await until(() => hungUp);
  });

  it("a server that never answers", async () => {
    const port = await listen(createTcpServer((socket) => socket.on("error", () => undefined).resume()));
    expect(await refusal(`http://images.example.org:${port}/`, { totalMs: 200 })).toMatchObject({ reason: "time" });
  });

  it("a port where nobody listens", async () => {
    const server = createServer();
    const port = await listen(server);
    servers.splice(servers.indexOf(server), 1);
    await new Promise((resolve) => server.close(resolve));
    expect(await refusal(`http://images.example.org:${port}/`)).toMatchObject({ reason: "unreachable" });
  });
});
