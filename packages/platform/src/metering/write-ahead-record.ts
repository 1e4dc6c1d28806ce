import { z } from "zod";
import { type AttemptFacts, type AttemptResult, attemptFacts, attemptResult } from "./attempt.ts";

const attemptId = z.string().regex(/^att_[0-9a-f]{32}$/);

const writeAheadRecord = z.discriminatedUnion("type", [
  attemptFacts.extend({ type: z.literal("begin"), id: attemptId }),
  attemptResult.extend({ type: z.literal("end"), id: attemptId }),
  /** The last of a segment. What had not ended by then begins once more in the next one. */
  z.object({ type: z.literal("closed") }),
]);

export type WriteAheadRecord = z.infer<typeof writeAheadRecord>;

export const CLOSED_LINE = '{"type":"closed"}\n';

export function beginLine(id: string, facts: AttemptFacts): string {
  return `${JSON.stringify({ type: "begin", id, ...facts })}\n`;
}

export function endLine(id: string, result: AttemptResult): string {
  return `${JSON.stringify({ type: "end", id, ...result })}\n`;
}

/** @returns undefined for a line that is damaged. */
export function readRecord(line: string): WriteAheadRecord | undefined {
  try {
    return writeAheadRecord.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
