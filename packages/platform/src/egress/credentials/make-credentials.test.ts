import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { inspect } from "node:util";
import { decodeJwt, decodeProtectedHeader, importSPKI, jwtVerify } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import type { Credentials, OutgoingCall } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import { RootSecrets } from "../../secrets/root-secrets.ts";
import { upstreamKeyContext } from "../../secrets/upstream-key-context.ts";
import { makeCredentials } from "./make-credentials.ts";

const roots = new RootSecrets(() => [{ value: "a-root-secret-for-tests-0123456789", source: "BONFIRE_SECRET" }]);
const CALL: OutgoingCall = { method: "POST", url: new URL("https://api.example.org/v1/chat/completions"), headers: {}, body: "{}" };
const BEARER = { name: "authorization", prefix: "Bearer " };

type Options = Parameters<typeof makeCredentials>[0];

function credentialsFor(secrets: readonly string[], options: Partial<Options> & { kind?: Options["upstream"]["credentials"] } = {}) {
  const { kind = { kind: "keys" as const }, ...rest } = options;
  const keys = secrets.map((secret, at) => ({ name: `k${at}`, sealed: roots.seal(secret, upstreamKeyContext("acme", `k${at}`)) }));
  return makeCredentials({ upstream: { name: "acme", credentials: kind }, header: BEARER, keys, roots, ...rest });
}

const headersOf = async (credentials: Credentials, call = CALL) => (await credentials(call)).headers;
const failureOf = async (work: Promise<unknown>): Promise<EngineError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EngineError) return error;
  throw new Error("It did not fail as an engine does.", { cause: error });
};

describe("calls by keys", () => {
  it("carry them as the kind of upstream wants it", async () => {
    expect(await headersOf(credentialsFor(["sk-1"]))).toEqual({ authorization: "Bearer sk-1" });
    expect(await headersOf(credentialsFor(["sk-1"], { header: { name: "x-api-key", prefix: "" } }))).toEqual({ "x-api-key": "sk-1" });
  });

  it("go out unsigned where there is no key, or none is wanted", async () => {
    expect(await headersOf(credentialsFor([]))).toEqual({});
    expect(await headersOf(credentialsFor(["sk-1"], { kind: { kind: "none" } }))).toEqual({});
  });

  it("take the next key when one is refused", async () => {
    const credentials = credentialsFor(["sk-1", "sk-2"]);
    const first = await credentials(CALL);
    expect(first.refused?.(401, undefined)).toBe(true);
    expect(await headersOf(credentials)).toEqual({ authorization: "Bearer sk-2" });
    expect(await headersOf(credentials)).toEqual({ authorization: "Bearer sk-2" });
  });

  it("fail without a call when no key is left", async () => {
    const credentials = credentialsFor(["sk-1"]);
    expect((await credentials(CALL)).refused?.(401, undefined)).toBe(false);
    expect(await failureOf(credentials(CALL))).toMatchObject({ kind: "refused", details: { retryAfterMs: expect.any(Number) } });
  });

  it("go on for one model when a key may not use another", async () => {
    const credentials = credentialsFor(["sk-1"]);
    (await credentials({ ...CALL, model: "dear" })).refused?.(403, undefined);
    expect(await headersOf(credentials, { ...CALL, model: "cheap" })).toEqual({ authorization: "Bearer sk-1" });
    await failureOf(credentials({ ...CALL, model: "dear" }));
  });
});

describe("calls to AWS", () => {
  it("are signed for region and service", async () => {
    const credentials = credentialsFor(["AKID:SECRET"], { kind: { kind: "aws-sigv4", region: "eu-central-1", service: "bedrock" } });
    const { authorization = "" } = await headersOf(credentials);
    expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/bedrock\/aws4_request, /);
  });
});

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

describe("calls to Google", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  interface TokenServer {
    readonly url: string;
    readonly forms: URLSearchParams[];
    answer: { status: number; body: unknown };
  }

  async function startTokenServer(): Promise<TokenServer> {
    const forms: URLSearchParams[] = [];
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const part of request.setEncoding("utf8")) text += part;
      forms.push(new URLSearchParams(text));
      const { status, body } = tokens.answer;
      const issued = body ?? { access_token: `token-${forms.length}`, expires_in: 3_600, token_type: "Bearer" };
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(issued));
    });
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const tokens: TokenServer = { url: `http://127.0.0.1:${address.port}/token`, forms, answer: { status: 200, body: undefined } };
    return tokens;
  }

  let now = 1_700_000_000_000;
  const accountFor = (url: string, more: object = {}) =>
    JSON.stringify({
      type: "service_account",
      client_email: "a@p.iam",
      private_key: privateKey,
      private_key_id: "id-1",
      token_uri: url,
      ...more,
    });
  const google = (...secrets: string[]) => credentialsFor(secrets, { kind: { kind: "google-service-account" }, now: () => now });

  it("carry a token that was issued for a signed assertion (RFC 7523)", async () => {
    const tokens = await startTokenServer();
    expect(await headersOf(google(accountFor(tokens.url)))).toEqual({ authorization: "Bearer token-1" });
    const assertion = tokens.forms[0]?.get("assertion") ?? "";
    expect(tokens.forms[0]?.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    await jwtVerify(assertion, await importSPKI(publicKey, "RS256"), {
      currentDate: new Date(now),
      audience: tokens.url,
      issuer: "a@p.iam",
    });
    expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: "RS256", kid: "id-1" });
    expect(decodeJwt(assertion)).toMatchObject({ scope: "https://www.googleapis.com/auth/cloud-platform", exp: now / 1_000 + 3_600 });
  });

  it("share one token until five minutes before its end", async () => {
    const tokens = await startTokenServer();
    const credentials = google(accountFor(tokens.url));
    await Promise.all(Array.from({ length: 5 }, () => headersOf(credentials)));
    now += 54 * 60_000;
    await headersOf(credentials);
    expect(tokens.forms).toHaveLength(1);
    now += 2 * 60_000;
    expect(await headersOf(credentials)).toEqual({ authorization: "Bearer token-1" });
    await expect.poll(() => headersOf(credentials)).toEqual({ authorization: "Bearer token-2" });
    expect(tokens.forms).toHaveLength(2);
  });

  it("go on with a token that cannot be renewed until its end, and fail then", async () => {
    const tokens = await startTokenServer();
    const credentials = google(accountFor(tokens.url));
    await headersOf(credentials);
    tokens.answer = { status: 503, body: {} };
    now += 56 * 60_000;
    expect(await headersOf(credentials)).toEqual({ authorization: "Bearer token-1" });
    await expect.poll(() => tokens.forms.length).toBe(2);
    now += 5 * 60_000;
    expect(await failureOf(credentials(CALL))).toMatchObject({ kind: "unreachable" });
    tokens.answer = { status: 200, body: undefined };
    expect((await headersOf(credentials)).authorization).toMatch(/^Bearer token-/);
  });

  it("ask for another token when one is refused that was in use, without letting the key rest", async () => {
    const tokens = await startTokenServer();
    const credentials = google(accountFor(tokens.url));
    await credentials(CALL);
    now += 2 * 60_000;
    expect((await credentials(CALL)).refused?.(401, undefined)).toBe(true);
    expect(await headersOf(credentials)).toEqual({ authorization: "Bearer token-2" });
    expect((await credentials(CALL)).refused?.(401, undefined)).toBe(false);
    await failureOf(credentials(CALL));
  });

  it("let a key rest whose account Google does not know, and take the next", async () => {
    const [wrong, right] = [await startTokenServer(), await startTokenServer()];
    wrong.answer = { status: 400, body: { error: "invalid_grant" } };
    const credentials = google(accountFor(wrong.url), accountFor(right.url));
    expect(await failureOf(credentials(CALL))).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("invalid_grant"),
      details: { hasOtherCredentials: true },
    });
    expect(await headersOf(credentials)).toEqual({ authorization: "Bearer token-1" });
    expect(await headersOf(credentials)).toEqual({ authorization: "Bearer token-1" });
    expect(wrong.forms).toHaveLength(1);
  });

  it.each([
    ["no JSON", () => "canary"],
    ["no key file", () => '{"canary":1}'],
    ["a private key that is none", (url: string) => accountFor(url, { private_key: "canary" })],
  ])("fail with %s, in words that do not repeat it", async (_name, secret) => {
    const error = await failureOf(google(secret("http://127.0.0.1:1/token"))(CALL));
    expect(error.kind).toBe("refused");
    expect(inspect(error, { depth: 9 })).not.toContain("canary");
  });

  it("do not repeat a secret in the failure of a token server", async () => {
    const tokens = await startTokenServer();
    const credentials = google(accountFor(tokens.url));
    for (const answer of [
      { status: 400, body: { error: "canary of the server" } },
      { status: 200, body: { access_token: "" } },
      { status: 500, body: "canary" },
    ]) {
      tokens.answer = answer;
      now += 3_600_000;
      const told = inspect(await failureOf(credentials(CALL)), { depth: 9 });
      expect(told).not.toMatch(/canary|PRIVATE KEY|eyJ/);
    }
  });
});

describe("secrets", () => {
  it("stand in nothing that credentials print or throw", async () => {
    const rests: unknown[] = [];
    const credentials = credentialsFor(["sk-canary"], { onRest: (rest) => rests.push(rest) });
    const signed = await credentials(CALL);
    signed.refused?.(401, undefined);
    const error = await failureOf(credentials(CALL));
    for (const shown of [
      inspect(credentials, { depth: 9, showHidden: true }),
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(rests),
    ])
      expect(shown).not.toContain("canary");
  });

  it("that were sealed for another upstream are not sent", async () => {
    const keys = [{ name: "k0", sealed: roots.seal("sk-canary", upstreamKeyContext("other", "k0")) }];
    const error = await failureOf(credentialsFor([], { keys })(CALL));
    expect(error).toMatchObject({ kind: "refused", cause: { fault: "damaged" } });
  });
});
