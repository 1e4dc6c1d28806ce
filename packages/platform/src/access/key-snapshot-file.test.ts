import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SNAPSHOT_MAX_AGE_MS, type SnapshotFile } from "../storage/snapshot-file.ts";
import type { Caller } from "./caller.ts";
import { keySnapshotFile } from "./key-snapshot-file.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const HASH = "a".repeat(64);
const CALLER = { keyId: "key_1", keyName: "app", accountId: "acct_1", projectId: "proj_1", role: "inference" } as const;
const SAVED = { entries: new Map([[HASH, CALLER]]), currentAt: NOW };

let folder: string;
let path: string;
let file: SnapshotFile<Caller>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bonfire-snapshot-"));
  path = join(folder, "snapshot", "keys.json");
  file = keySnapshotFile({ path, database: "db.example:5432/bonfire" });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it("what was saved is read again, and nobody but its owner can read it", async () => {
  await file.write(SAVED);
  expect(await file.read(NOW + SNAPSHOT_MAX_AGE_MS)).toEqual(SAVED);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "snapshot"))).mode & 0o777).toBe(0o700);
});

it("keys are read with a dialect, and without one, as they were saved before there were any", async () => {
  const entries = new Map<string, Caller>([
    [HASH, CALLER],
    ["b".repeat(64), { ...CALLER, dialect: "fireworks" }],
  ]);
  await file.write({ entries, currentAt: NOW });
  expect(await readFile(path, "utf8")).toContain(
    `"${HASH}":{"keyId":"key_1","keyName":"app","accountId":"acct_1","projectId":"proj_1","role":"inference"}`,
  );
  expect((await file.read(NOW)).entries).toEqual(entries);
});

it("a later save replaces an earlier one, also after a save that was ended in the middle", async () => {
  await file.write(SAVED);
  await writeFile(`${path}.new`, "half of", { mode: 0o644 });
  await file.write({ entries: new Map(), currentAt: NOW });
  expect((await file.read(NOW)).entries.size).toBe(0);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, "snapshot"))).toEqual(["keys.json"]);
});

it.each([
  ["that is older than 24 hours", async () => file.write({ ...SAVED, currentAt: NOW - SNAPSHOT_MAX_AGE_MS - 1 }), "more than 24 hours ago"],
  ["from the future", async () => file.write({ ...SAVED, currentAt: NOW + 120_000 }), "from the future"],
  [
    "of another database",
    async () => keySnapshotFile({ path, database: "other:5432/bonfire" }).write(SAVED),
    "of another database, other:5432/bonfire",
  ],
  [
    "of another format",
    async () => {
      await file.write(SAVED);
      await writeFile(path, (await readFile(path, "utf8")).replace('"version":1', '"version":2'));
    },
    "damaged, or of another version",
  ],
  ["that is missing", async () => undefined, "There is no"],
])("a file %s is refused with the reason", async (_, prepare, reason) => {
  await prepare();
  await expect(file.read(NOW)).rejects.toThrow(reason);
});

it("a file that is damaged anywhere is refused, or is still one of keys", async () => {
  await file.write(SAVED);
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.boolean(), fc.nat({ max: 255 }), async (at, isCut, byte) => {
      const damaged = Buffer.from(isCut ? whole.subarray(0, at) : whole);
      if (!isCut) damaged[at] = byte;
      await writeFile(path, damaged);
      const read = await file.read(NOW).catch((error: unknown) => error);
      if (!(read instanceof Error)) expect(read).toMatchObject({ entries: expect.any(Map), currentAt: expect.any(Number) });
    }),
    { numRuns: 200 },
  );
});

it("a file that cannot be replaced is removed, because it is not true any more", async () => {
  await file.write(SAVED);
  // Where the new file should come into being, a folder is in the way.
  await mkdir(`${path}.new`);
  await expect(file.write(SAVED)).rejects.toThrow("cannot be saved");
  await expect(file.read(NOW)).rejects.toThrow("There is no");
});
