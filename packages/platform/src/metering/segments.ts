import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file of the write-ahead log, complete or not. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  readonly bytes: number;
}

const NAME = /^(\d{12})\.ndjson$/;
/** Of segments that were set aside too: their numbers are not used again. */
const TAKEN = /^(\d{12})\.ndjson/;
const DIGITS = 12;

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${number.toString().padStart(DIGITS, "0")}.ndjson`);
}

/** In the order in which they were written. */
export function listSegments(directory: string): Segment[] {
  return numbersIn(directory, NAME)
    .sort((a, b) => a - b)
    .map((number) => {
      const path = segmentPath(directory, number);
      return { number, path, bytes: statSync(path).size };
    });
}

export function nextSegmentNumber(directory: string): number {
  return Math.max(0, ...numbersIn(directory, TAKEN)) + 1;
}

export function removeSegment(path: string): void {
  rmSync(path, { force: true });
}

/** Keeps a damaged segment for whoever wants to look at it; it is not read again. */
export function setSegmentAside(path: string): void {
  renameSync(path, `${path}.damaged`);
}

function numbersIn(directory: string, name: RegExp): number[] {
  return readdirSync(directory).flatMap((entry) => {
    const digits = name.exec(entry)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}
