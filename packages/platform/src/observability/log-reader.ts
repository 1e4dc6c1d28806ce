import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import pretty from "pino-pretty";
import { z } from "zod";
import { closeAll, LOG_FILE_NAME, type OpenLogFile, openLogFiles } from "./log-files.ts";
import { endOfLastLine, LineReader, linesBackward } from "./log-lines.ts";

export interface LogFilter {
  /** Least level: `debug`, `info`, `warn`, … */
  readonly level?: string | undefined;
  readonly part?: string | undefined;
  readonly model?: string | undefined;
}

export interface LogQuery {
  /** Where the platform writes its log. */
  readonly directory: string;
  /** How many of the newest lines that match. */
  readonly lines: number;
  readonly filter: LogFilter;
  /** When given, lines go on coming as they are written, until it aborts. */
  readonly follow?: AbortSignal | undefined;
}

/** How often a followed file is looked at. */
const POLL_MS = 200;

const record = z.object({ level: z.number(), part: z.string().optional(), model: z.string().optional() });

/**
 * Lines of the log as they were written, the oldest first: the newest ones that are there, found from the end without reading whole
 * files, then those that are added, also across rotation. The platform need not run.
 */
export async function* readLog({ directory, lines, filter, follow }: LogQuery): AsyncGenerator<string> {
  const matches = toPredicate(filter);
  const files = await openLogFiles(directory);
  const [newest, ...older] = files;
  try {
    const end = newest === undefined ? 0 : await endOfLastLine(newest.handle);
    yield* (await newestLines(files, { end, most: lines, matches })).reverse();
    if (follow === undefined) return;
    await closeAll(older.splice(0));
    for await (const line of followLog(directory, files[0], end, follow)) if (matches(line)) yield line;
  } finally {
    await closeAll(newest === undefined ? older : [newest, ...older]);
  }
}

/** @returns how to show a line of the log to a person; with a line end. Times are UTC. */
export function createLineFormatter({ colours }: { readonly colours: boolean }): (line: string) => string {
  return pretty.prettyFactory({ colorize: colours, translateTime: "yyyy-mm-dd HH:MM:ss.l", singleLine: true });
}

function toPredicate({ level, part, model }: LogFilter): (line: string) => boolean {
  const least = level === undefined ? 0 : (pino.levels.values[level] ?? 0);
  return (line) => {
    const parsed = record.safeParse(parseJson(line));
    if (!parsed.success) return false;
    const { data } = parsed;
    return data.level >= least && (part === undefined || data.part === part) && (model === undefined || data.model === model);
  };
}

/** Undefined for a line that was cut off when the disk was full. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

interface Newest {
  /** Where the newest file ends for this search. */
  readonly end: number;
  readonly most: number;
  readonly matches: (line: string) => boolean;
}

/** The newest first. */
async function newestLines(files: readonly OpenLogFile[], { end, most, matches }: Newest): Promise<string[]> {
  const found: string[] = [];
  for (const [index, { handle }] of files.entries()) {
    for await (const line of linesBackward(handle, index === 0 ? end : (await handle.stat()).size)) {
      if (found.length >= most) return found;
      if (matches(line)) found.push(line);
    }
  }
  return found;
}

async function* followLog(directory: string, first: OpenLogFile | undefined, offset: number, signal: AbortSignal): AsyncGenerator<string> {
  let current = first;
  let reader = first === undefined ? undefined : new LineReader(first.handle, offset);
  try {
    while (!signal.aborted) {
      const lines = await reader?.next();
      if (lines !== undefined) {
        yield* lines;
        continue;
      }
      const next = await openNext(directory, current);
      if (next === undefined) {
        await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
        continue;
      }
      // A file is closed before it is renamed: whatever it has got since the last look is the end of it.
      for (let rest = await reader?.next(); rest !== undefined; rest = await reader?.next()) yield* rest;
      if (current !== first) await current?.handle.close();
      current = next;
      reader = new LineReader(next.handle, 0);
    }
  } finally {
    if (current !== first) await current?.handle.close();
  }
}

/** The file after this one, once the log goes on in another one. */
async function openNext(directory: string, current: OpenLogFile | undefined): Promise<OpenLogFile | undefined> {
  const newest = await stat(join(directory, LOG_FILE_NAME), { bigint: true }).catch(() => undefined);
  if (newest === undefined || newest.ino === current?.inode) return undefined;
  const files = await openLogFiles(directory);
  const index = files.findIndex((file) => file.inode === current?.inode);
  // One that is too old to be kept is followed by the oldest that is.
  const next = index < 0 ? files.at(-1) : files[index - 1];
  await closeAll(files.filter((file) => file !== next));
  return next;
}
