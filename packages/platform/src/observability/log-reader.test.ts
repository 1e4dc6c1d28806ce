import { appendFile, mkdtemp, open, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../engine/testing/until.ts";
import { LogFile } from "./log-file.ts";
import { endOfLastLine, linesBackward } from "./log-lines.ts";
import { createLineFormatter, type LogFilter, readLog } from "./log-reader.ts";

let directory: string;
let stopFollowing: AbortController;
let following: Promise<void>[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "bonfire-log-"));
  stopFollowing = new AbortController();
  following = [];
});
afterEach(async () => {
  stopFollowing.abort();
  await Promise.all(following);
  await rm(directory, { recursive: true });
});

const path = (number = 0) => join(directory, number === 0 ? "bonfire.log" : `bonfire.log.${number}`);
const line = (msg: string, fields: object = {}) => `${JSON.stringify({ level: 30, msg, ...fields })}\n`;
const lines = (...messages: string[]) => messages.map((msg) => line(msg)).join("");
const messageOf = (text: string): unknown => JSON.parse(text).msg;

async function newest(count: number, filter: LogFilter = {}): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const text of readLog({ directory, lines: count, filter })) found.push(messageOf(text));
  return found;
}

/** Messages as they come. */
function follow(count = 0, filter: LogFilter = {}): unknown[] {
  const found: unknown[] = [];
  const read = async () => {
    for await (const text of readLog({ directory, lines: count, filter, follow: stopFollowing.signal })) found.push(messageOf(text));
  };
  following.push(read());
  return found;
}

describe("the newest lines", () => {
  it("come from as many files as it takes, the oldest of them first", async () => {
    await writeFile(path(2), lines("a", "b"));
    await writeFile(path(1), lines("c", "d"));
    await writeFile(path(), lines("e"));
    expect(await newest(4)).toEqual(["b", "c", "d", "e"]);
    expect(await newest(1)).toEqual(["e"]);
    expect(await newest(100)).toEqual(["a", "b", "c", "d", "e"]);
    expect(await newest(0)).toEqual([]);
  });

  it("are none where there is no log", async () => {
    expect(await newest(5)).toEqual([]);
    directory = join(directory, "missing");
    await expect(newest(5)).resolves.toEqual([]);
    directory = join(directory, "..");
  });

  it("are those that match by level, part and model", async () => {
    await writeFile(path(1), line("old warning", { level: 40, part: "postgres" }));
    await writeFile(path(), line("a", { model: "m" }) + line("b", { level: 50, model: "m", part: "engine" }) + line("c", { level: 20 }));
    expect(await newest(9, { level: "warn" })).toEqual(["old warning", "b"]);
    expect(await newest(1, { level: "warn" })).toEqual(["b"]);
    expect(await newest(9, { part: "postgres" })).toEqual(["old warning"]);
    expect(await newest(9, { model: "m", level: "error" })).toEqual(["b"]);
  });

  it("leave out what was cut off", async () => {
    await writeFile(path(), `${lines("a")}{"level":30,"msg":"cut o\n\n${lines("b")}{"level":30,"ms`);
    expect(await newest(9)).toEqual(["a", "b"]);
  });

  it("are found without reading what lies before them", async () => {
    await writeFile(path(), "");
    // Sparse: takes no place on the disk, but reading it would take seconds.
    await truncate(path(), 8 * 1024 ** 3);
    await appendFile(path(), `\n${lines("a", "b", "c")}`);
    const startedAt = performance.now();
    expect(await newest(2)).toEqual(["b", "c"]);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe("following", () => {
  it("shows the newest lines and then those that are added, each once", async () => {
    await writeFile(path(), lines("a", "b"));
    const found = follow(1);
    await until(() => found.length === 1);
    await appendFile(path(), lines("c", "d"));
    await until(() => found.length === 3);
    expect(found).toEqual(["b", "c", "d"]);
  });

  it("waits for the rest of a line", async () => {
    const [begin, end] = [line("in two parts").slice(0, 20), line("in two parts").slice(20)];
    await writeFile(path(), lines("a") + begin);
    const found = follow(5);
    await until(() => found.length === 1);
    await appendFile(path(), end);
    await until(() => found.length === 2);
    expect(found).toEqual(["a", "in two parts"]);
  });

  it("begins with a file that comes later", async () => {
    const found = follow();
    await writeFile(path(), lines("a"));
    await until(() => found.length === 1);
    expect(found).toEqual(["a"]);
  });

  it("goes on in the new file after a rotation, with nothing lost that was written last", async () => {
    await writeFile(path(), lines("a"));
    const found = follow(1);
    await until(() => found.length === 1);
    await appendFile(path(), lines("b"));
    await rename(path(), path(1));
    await writeFile(path(), lines("c"));
    await until(() => found.length === 3);
    await rename(path(1), path(2));
    await rename(path(), path(1));
    await writeFile(path(), lines("d"));
    await until(() => found.length === 4);
    expect(found).toEqual(["a", "b", "c", "d"]);
  });

  it("goes on when somebody empties the file", async () => {
    await writeFile(path(), lines("a", "b"));
    const found = follow(1);
    await until(() => found.length === 1);
    await truncate(path(), 0);
    await until(async () => {
      await appendFile(path(), lines("c"));
      return found.includes("c");
    });
  });

  it("sees each line of a platform that writes and rotates exactly once", async () => {
    const file = new LogFile({ directory, onChange: () => undefined, sizeBytes: 4_000, keep: 50 });
    const found = follow();
    const total = 3_000;
    let written = 0;
    const writer = setInterval(() => {
      for (let i = 0; i < 30 && written < total; i++) file.write(line(`${written++}`));
    }, 5);
    await until(() => found.length >= total, 20_000);
    clearInterval(writer);
    await file.close(1_000);
    expect(found).toEqual(Array.from({ length: total }, (_, i) => `${i}`));
  }, 30_000);

  it("shows only what matches", async () => {
    const found = follow(0, { level: "error" });
    await writeFile(path(), lines("a") + line("b", { level: 50 }));
    await until(() => found.length === 1);
    expect(found).toEqual(["b"]);
  });

  it("ends when it is told to", async () => {
    await writeFile(path(), lines("a"));
    const found = follow(1);
    await until(() => found.length === 1);
    stopFollowing.abort();
    await Promise.all(following);
  });
});

it("any text is read backward as it would be forward, across blocks and characters of several bytes", async () => {
  const text = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.string({ unit: "grapheme" }) },
      fc.integer({ min: 65_500, max: 140_000 }).map((size) => "é".repeat(size / 2)),
    ),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.boolean(), async (given, ended) => {
      const all = given.map((one) => one.replaceAll("\n", " "));
      await writeFile(path(), all.join("\n") + (ended ? "\n" : ""));
      const handle = await open(path());
      try {
        const backward: string[] = [];
        for await (const one of linesBackward(handle, (await handle.stat()).size)) backward.push(one);
        expect(backward.reverse()).toEqual(all.filter((one) => one !== ""));
        const end = await endOfLastLine(handle);
        const whole = Buffer.byteLength(all.join("\n") + (ended ? "\n" : ""));
        expect(end).toBe(ended ? whole : all.length < 2 ? 0 : whole - Buffer.byteLength(all.at(-1) ?? ""));
      } finally {
        await handle.close();
      }
    }),
    { numRuns: 40 },
  );
});

it("a line is shown to a person with time, level, message and fields", () => {
  const shown = createLineFormatter({ colours: false })(line("request", { time: "2026-01-02T03:04:05.678Z", status: 200 }).trimEnd());
  expect(shown).toBe('[2026-01-02 03:04:05.678] INFO: request {"status":200}\n');
});
