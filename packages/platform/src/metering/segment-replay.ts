import { basename } from "node:path";
import type { LedgerRow } from "./attempt.ts";
import { AttemptPairing } from "./attempt-pairing.ts";
import { SegmentUnreadableError, segmentLines } from "./segment-lines.ts";
import { removeSegment, type Segment, setSegmentAside } from "./segments.ts";
import { readRecord } from "./write-ahead-record.ts";

type ReplayedSegment = Pick<Segment, "number" | "path">;

interface ReplayOptions {
  /** Takes rows, some of which may be in the database already. What it throws ends the replay, which can then be begun anew. */
  readonly insert: (rows: readonly LedgerRow[]) => Promise<void>;
  readonly batchRows: number;
  /** Gets one error for each segment that is damaged; what can be read of it counts. */
  readonly onDamage: (error: Error) => void;
}

interface Damage {
  readonly lines: number;
  /** Why the file could not be read to its end. */
  readonly cause: Error | undefined;
}

/**
 * Reads what an earlier run left, in order, and inserts its rows; a begin without an end becomes a row that says `interrupted`. Segments are
 * deleted when their rows are inserted. Holds one batch and the open attempts.
 * @returns the interrupted rows.
 */
export async function recoverSegments(segments: readonly ReplayedSegment[], options: ReplayOptions): Promise<LedgerRow[]> {
  const pairing = new AttemptPairing();
  const unfinished: { readonly segment: ReplayedSegment; readonly damage: Damage }[] = [];
  for (const segment of segments) {
    const damage = await insertSegment(segment, pairing, options);
    if (pairing.hasOpen(segment.number)) unfinished.push({ segment, damage });
    else finish(segment, damage, options.onDamage);
  }
  const interrupted = pairing.interrupted();
  for (let from = 0; from < interrupted.length; from += options.batchRows) {
    await options.insert(interrupted.slice(from, from + options.batchRows));
  }
  for (const { segment, damage } of unfinished) finish(segment, damage, options.onDamage);
  return interrupted;
}

/** Inserts the rows that ended in a closed segment, and deletes it. What was open in it goes on elsewhere. */
export async function replaySegment(segment: ReplayedSegment, options: ReplayOptions): Promise<void> {
  finish(segment, await insertSegment(segment, new AttemptPairing(), options), options.onDamage);
}

async function insertSegment({ number, path }: ReplayedSegment, pairing: AttemptPairing, options: ReplayOptions): Promise<Damage> {
  let lines = 0;
  let cause: Error | undefined;
  let batch: LedgerRow[] = [];
  try {
    for await (const line of segmentLines(path)) {
      const record = readRecord(line);
      const row = record === undefined ? undefined : pairing.accept(record, number);
      if (record === undefined) lines += 1;
      if (row === undefined) continue;
      batch.push(row);
      if (batch.length < options.batchRows) continue;
      await options.insert(batch);
      batch = [];
    }
  } catch (error) {
    if (!(error instanceof SegmentUnreadableError)) throw error;
    cause = error;
  }
  await options.insert(batch);
  return { lines, cause };
}

/** Never throws: a file that stays is read again by the next start, which finds its rows in the database. */
function finish({ path }: ReplayedSegment, { lines, cause }: Damage, onDamage: (error: Error) => void): void {
  const name = basename(path);
  try {
    if (lines === 0 && cause === undefined) {
      removeSegment(path);
      return;
    }
    setSegmentAside(path);
    const extent = cause === undefined ? `${lines} lines` : "A part";
    onDamage(
      new Error(`${extent} of segment ${name} of the ledger's write-ahead file cannot be read; it is kept as ${name}.damaged.`, { cause }),
    );
  } catch (error) {
    onDamage(new Error(`Segment ${name} of the ledger's write-ahead file could not be put away.`, { cause: error }));
  }
}
