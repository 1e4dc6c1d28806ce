import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@bonfire/protocol/ids";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { INTERRUPTED, type LedgerRow } from "./attempt.ts";
import { recoverSegments } from "./segment-replay.ts";
import { listSegments } from "./segments.ts";
import { startChild } from "./testing/metering-child.ts";
import { FACTS, SUCCEEDED } from "./testing/sample-attempts.ts";
import { WriteAheadFile } from "./write-ahead-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bonfire-write-ahead-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (segmentBytes = 1_000_000) => new WriteAheadFile({ directory, segmentBytes, onFailure: () => undefined });

const segmentNames = () => readdirSync(directory).sort();

async function recover(batchRows = 500): Promise<{ rows: LedgerRow[]; batches: number[]; damage: string[] }> {
  const rows: LedgerRow[] = [];
  const batches: number[] = [];
  const damage: string[] = [];
  const insert = async (batch: readonly LedgerRow[]) => {
    batches.push(batch.length);
    rows.push(...batch);
  };
  await recoverSegments(listSegments(directory), { insert, batchRows, onDamage: (error) => damage.push(error.message) });
  return { rows, batches, damage };
}

describe("the write-ahead file", () => {
  it("gives a row for each begin with its end, and an interrupted one for each begin without", async () => {
    const file = open();
    const [ended, running] = [newId("att"), newId("att")];
    file.begin(ended, FACTS);
    file.begin(running, FACTS);
    file.end(ended, SUCCEEDED);
    const { rows } = await recover();
    expect(rows).toEqual([
      { id: ended, ...FACTS, ...SUCCEEDED },
      { id: running, ...FACTS, ...INTERRUPTED },
    ]);
    expect(segmentNames()).toEqual([]);
    await file.close();
  });

  it("reads attempts of versions that did not tell why they were made and how long they had waited", async () => {
    const file = open();
    const { cause: _, queuedMs: __, ...earlier } = FACTS;
    const id = newId("att");
    appendFileSync(
      file.pathOf(file.segment),
      `${JSON.stringify({ type: "begin", id, ...earlier })}\n${JSON.stringify({ type: "end", id, ...SUCCEEDED })}\n`,
    );
    const { rows, damage } = await recover();
    expect(rows).toEqual([{ id, ...earlier, cause: "first", queuedMs: null, ...SUCCEEDED }]);
    expect(damage).toEqual([]);
    await file.close();
  });

  it("is read by its owner alone", async () => {
    const file = open();
    expect(statSync(file.pathOf(file.segment)).mode & 0o777).toBe(0o600);
    await file.close();
  });

  it("begins a new segment at each start, and one for each few bytes", async () => {
    await open().close();
    const file = open(1_000);
    for (let count = 0; count < 10; count += 1) {
      const id = newId("att");
      file.begin(id, FACTS);
      file.end(id, SUCCEEDED);
    }
    expect(segmentNames().length).toBeGreaterThan(3);
    await file.close();
  });

  it("deletes a closed segment when the last of its rows is in the database, though an older attempt still runs", async () => {
    const file = open(2_000);
    const running = newId("att");
    file.begin(running, FACTS);
    const ends = [];
    while (file.segment < 4) {
      const id = newId("att");
      file.begin(id, FACTS);
      ends.push(file.end(id, SUCCEEDED));
    }
    const last = ends.pop();
    file.settle(ends);
    expect(listSegments(directory).map(({ number }) => number)).toEqual([3, 4]);
    if (last !== undefined) file.settle([last]);
    expect(listSegments(directory).map(({ number }) => number)).toEqual([4]);
    expect(file.bytes).toBe(listSegments(directory)[0]?.bytes);
    expect((await recover()).rows).toEqual([{ id: running, ...FACTS, ...INTERRUPTED }]);
    await file.close();
  });

  it("leaves nothing behind when all is in the database at its close", async () => {
    const file = open();
    const id = newId("att");
    file.begin(id, FACTS);
    file.settle([file.end(id, SUCCEEDED)]);
    await file.close();
    expect(segmentNames()).toEqual([]);
  });

  it("keeps what runs or waits at its close", async () => {
    const file = open();
    file.begin(newId("att"), FACTS);
    await file.close();
    expect(segmentNames()).toHaveLength(1);
  });

  it("tells of an attempt once when it died between the copy of a begin and the close of the segment before", async () => {
    const file = open();
    const [ended, running] = [newId("att"), newId("att")];
    file.begin(ended, FACTS);
    file.end(ended, SUCCEEDED);
    file.begin(running, FACTS);
    const first = file.pathOf(file.segment);
    const before = statSync(first).size;
    file.rotate();
    truncateSync(first, before);
    expect((await recover()).rows).toEqual([
      { id: ended, ...FACTS, ...SUCCEEDED },
      { id: running, ...FACTS, ...INTERRUPTED },
    ]);
    await file.close();
  });

  it("takes no attempt of one run for closed by the next run", async () => {
    const dead = open();
    const id = newId("att");
    dead.begin(id, FACTS);
    const next = open();
    next.begin(newId("att"), FACTS);
    next.rotate();
    expect((await recover()).rows.map((row) => row.id)).toContain(id);
    await Promise.all([dead.close(), next.close()]);
  });

  it("finds the same rows when it is read a second time, as after a death in the middle of a recovery", async () => {
    const file = open(1_500);
    for (let count = 0; count < 12; count += 1) {
      const id = newId("att");
      file.begin(id, FACTS);
      if (count % 3 !== 0) file.end(id, SUCCEEDED);
    }
    const options = { batchRows: 2, onDamage: () => undefined };
    const first: LedgerRow[] = [];
    const insertAndDie = async (rows: readonly LedgerRow[]) => {
      if (first.length >= 6) throw new Error("died");
      first.push(...rows);
    };
    await expect(recoverSegments(listSegments(directory), { ...options, insert: insertAndDie })).rejects.toThrow("died");
    const byId = new Map([...first, ...(await recover()).rows].map((row) => [row.id, row.outcome]));
    expect([...byId.values()].filter((outcome) => outcome === "interrupted")).toHaveLength(4);
    expect(byId.size).toBe(12);
    await file.close();
  });

  it("inserts in batches, however much there is", async () => {
    const file = open(20_000);
    for (let count = 0; count < 300; count += 1) {
      const id = newId("att");
      file.begin(id, FACTS);
      file.end(id, SUCCEEDED);
    }
    const { rows, batches } = await recover(20);
    expect(rows).toHaveLength(300);
    expect(Math.max(...batches)).toBe(20);
    await file.close();
  });
});

describe("a write-ahead file that was cut or damaged", () => {
  it("tells exactly of the lines that are whole, wherever it was cut", async () => {
    const file = open();
    const ids = [newId("att"), newId("att"), newId("att")];
    const path = file.pathOf(file.segment);
    const lines: { readonly end: number; readonly id: string; readonly outcome: LedgerRow["outcome"] }[] = [];
    for (const id of ids) {
      file.begin(id, FACTS);
      lines.push({ end: file.bytes, id, outcome: "interrupted" });
    }
    for (const id of ids.slice(1)) {
      file.end(id, SUCCEEDED);
      lines.push({ end: file.bytes, id, outcome: "succeeded" });
    }
    const whole = readFileSync(path);
    await file.close();
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length));
      const { rows, damage } = await recover();
      const expected = new Map(lines.filter(({ end }) => end <= length).map(({ id, outcome }) => [id, outcome]));
      expect(new Map(rows.map((row) => [row.id, row.outcome]))).toEqual(expected);
      expect(rows).toHaveLength(expected.size);
      expect(damage).toEqual([]);
    }
  });

  it("gives one row for each attempt, whatever order, rotation and cut there was", async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant("begin" as const) },
      { weight: 3, arbitrary: fc.nat(20).map((index) => ({ end: index })) },
      { weight: 1, arbitrary: fc.constant("rotate" as const) },
      { weight: 1, arbitrary: fc.constant("settle" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(400), async (steps, cut) => {
        const file = open();
        const running: string[] = [];
        const ended = new Set<string>();
        const settled = new Set<string>();
        let unsettled: ReturnType<WriteAheadFile["end"]>[] = [];
        for (const one of steps) {
          if (one === "begin") {
            const id = newId("att");
            file.begin(id, FACTS);
            running.push(id);
          } else if (one === "rotate") file.rotate();
          else if (one === "settle") {
            file.settle(unsettled);
            for (const { id } of unsettled) settled.add(id);
            unsettled = [];
          } else {
            const [id] = running.splice(one.end % Math.max(running.length, 1), 1);
            if (id === undefined) continue;
            unsettled.push(file.end(id, SUCCEEDED));
            ended.add(id);
          }
        }
        const path = file.pathOf(file.segment);
        const { size } = statSync(path);
        // Not into what was there when the segment began: a death cannot take that back.
        truncateSync(path, Math.max(size - cut, 0));
        const { rows, damage } = await recover(3);
        await file.close();
        expect(damage).toEqual([]);
        expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
        for (const row of rows) if (row.outcome === "succeeded") expect(ended.has(row.id)).toBe(true);
        if (cut > 0) return;
        const told = new Map(rows.map((row) => [row.id, row.outcome]));
        for (const id of running) expect(told.get(id)).toBe("interrupted");
        for (const id of ended) if (!settled.has(id)) expect(told.get(id)).toBe("succeeded");
        // What is settled may come again, but never as something else.
        for (const id of settled) expect(["succeeded", undefined]).toContain(told.get(id));
      }),
      { numRuns: 150 },
    );
  });

  it("reports damaged lines, counts the others, and keeps the segment aside", async () => {
    const file = open();
    const [first, second, third] = [newId("att"), newId("att"), newId("att")];
    file.begin(first, FACTS);
    file.end(first, SUCCEEDED);
    const path = file.pathOf(file.segment);
    await file.close();
    const lines = readFileSync(path, "utf8").split("\n").slice(0, 2);
    const other = (id: string) => lines.map((line) => line.replace(first, id));
    const [begin2 = "", end2 = ""] = other(second);
    const [begin3 = "", end3 = ""] = other(third);
    const damaged = [...lines, begin2, "x".repeat(3_000_000), end2, begin3.replace('"model"', '"mod"'), end3, "\0\0\0", ""];
    writeFileSync(path, damaged.join("\n"));
    const { rows, damage } = await recover();
    expect(rows.map(({ id, outcome }) => [id, outcome])).toEqual([
      [first, "succeeded"],
      [second, "succeeded"],
    ]);
    expect(damage).toHaveLength(1);
    expect(damage[0]).toContain("3 lines");
    expect(segmentNames()).toEqual(["000000000001.ndjson.damaged"]);
    const next = open();
    expect(next.segment).toBe(2);
    await next.close();
  });

  it("keeps what it understands beside fields of a newer version", async () => {
    const file = open();
    const id = newId("att");
    file.begin(id, FACTS);
    appendFileSync(file.pathOf(file.segment), `${JSON.stringify({ type: "end", id, ...SUCCEEDED, later: true })}\n`);
    expect((await recover()).rows).toEqual([{ id, ...FACTS, ...SUCCEEDED }]);
    await file.close();
  });
});

describe("a disk that takes no more", () => {
  it("refuses begins, tells once of ends that it cannot write, and spoils no line that was written", async () => {
    const child = startChild("full-disk-child.ts", [directory], 16);
    await child.ended;
    const { unwritten, written, running, ...counts } = fullDiskReport.parse(child.printed[0]);
    expect(counts).toEqual({ refused: 2, failuresWhileFull: 1, segment: 2 });
    expect(unwritten.map((end) => end.segment)).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(written.map((end) => end.segment)).toEqual([2, 2]);
    // An end that was not written leaves its attempt open in all further segments, until its row is in the database.
    const { rows, damage } = await recover();
    expect(damage).toEqual([]);
    const ofOutcome = (outcome: LedgerRow["outcome"]) => rows.filter((row) => row.outcome === outcome).map(({ id }) => id);
    expect(ofOutcome("interrupted")).toEqual([unwritten[0]?.id, ...running]);
    expect(ofOutcome("succeeded")).toEqual(written.map(({ id }) => id));
  });
});

const end = z.object({ id: z.string(), segment: z.number().optional() });
const fullDiskReport = z.object({
  unwritten: z.array(end),
  written: z.array(end),
  running: z.array(z.string()),
  refused: z.number(),
  failuresWhileFull: z.number(),
  segment: z.number(),
});
