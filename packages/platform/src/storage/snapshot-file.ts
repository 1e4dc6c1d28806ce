import { readFile, rm } from "node:fs/promises";
import { z } from "zod";
import { hasCode } from "../processes/error-code.ts";
import { replacePrivateFile } from "../processes/private-file.ts";
import type { SnapshotKind } from "./snapshot-version.ts";

/** How long a file stands in for its database: it bounds how long a revoked key goes on working on a gateway that is cut off. */
export const SNAPSHOT_MAX_AGE_MS = 24 * 60 * 60 * 1_000;
/** Clocks are set back a little now and then; a file from further in the future says nothing about its age. */
const CLOCK_TOLERANCE_MS = 60_000;

/** What was known, and when it was known to be right. */
interface SavedSnapshot<Entry> {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Milliseconds since 1970. */
  readonly currentAt: number;
}

export interface SnapshotPlace {
  readonly path: string;
  /** Tells the database from others: what another one held counts for nothing. */
  readonly database: string;
  /** Another process of the platform writes it. */
  readonly isReadOnly?: boolean;
}

interface SnapshotFileOptions<Entry> extends SnapshotPlace {
  readonly kind: SnapshotKind;
  readonly entries: z.ZodType<Record<string, Entry>>;
}

/** A kind of data on disk, so that a gateway that starts while its database is away knows it. For its owner's eyes only. */
export class SnapshotFile<Entry> {
  readonly #options: SnapshotFileOptions<Entry>;
  readonly #format;

  constructor(options: SnapshotFileOptions<Entry>) {
    this.#options = options;
    this.#format = z.looseObject({
      format: z.literal(`bonfire-${options.kind}`),
      version: z.literal(1),
      /** Host, port and name. */
      database: z.string(),
      current_at: z.int(),
    });
  }

  /** @throws Error that says why the file is of no use. */
  async read(now: number): Promise<SavedSnapshot<Entry>> {
    const { path, kind } = this.#options;
    const { database, currentAt, entries } = await this.#parse();
    if (database !== this.#options.database) throw new Error(`${path} holds the ${kind} of another database, ${database}.`);
    if (currentAt > now + CLOCK_TOLERANCE_MS) throw new Error(`${path} is from the future, ${isoTime(currentAt)}.`);
    if (now - currentAt > SNAPSHOT_MAX_AGE_MS) throw new Error(`${path} is from ${isoTime(currentAt)}, more than 24 hours ago.`);
    return { entries, currentAt };
  }

  /** All or nothing, also when the machine fails in the middle. @throws when that fails; the file is gone then, because it is not true any more. */
  async write({ entries, currentAt }: SavedSnapshot<Entry>): Promise<void> {
    const { path, kind, database, isReadOnly } = this.#options;
    if (isReadOnly === true) return;
    const saved = { format: `bonfire-${kind}`, version: 1, database, current_at: currentAt, [kind]: Object.fromEntries(entries) };
    try {
      await replacePrivateFile(path, `${JSON.stringify(saved)}\n`);
    } catch (cause) {
      await rm(path, { force: true }).catch(() => undefined);
      throw new Error(`The known ${kind} cannot be saved in ${path}.`, { cause });
    }
  }

  async #parse(): Promise<SavedSnapshot<Entry> & { readonly database: string }> {
    const { path, kind, entries } = this.#options;
    try {
      const saved = this.#format.parse(JSON.parse(await readFile(path, "utf8")));
      return { database: saved.database, currentAt: saved.current_at, entries: new Map(Object.entries(entries.parse(saved[kind]))) };
    } catch (cause) {
      if (hasCode(cause, "ENOENT")) throw new Error(`There is no ${path}.`, { cause });
      throw new Error(`${path} is damaged, or of another version of Bonfire.`, { cause });
    }
  }
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
