import { readFile, rm } from "node:fs/promises";
import { keyRole } from "@bonfire/protocol/keys";
import { z } from "zod";
import { hasCode } from "../processes/error-code.ts";
import { replacePrivateFile } from "../processes/private-file.ts";
import type { Caller } from "./caller.ts";

/** How long keys are honoured without word from the database: it bounds how long a revoked one goes on working on a gateway that is cut off. */
export const SNAPSHOT_MAX_AGE_MS = 24 * 60 * 60 * 1_000;
/** Clocks are set back a little now and then; a file from further in the future says nothing about its age. */
const CLOCK_TOLERANCE_MS = 60_000;

/** What was known, and when it was known to be right. */
export interface SavedKeys {
  /** By the hash of their secret. */
  readonly callers: ReadonlyMap<string, Caller>;
  /** Milliseconds since 1970. */
  readonly currentAt: number;
}

const savedCaller = z.strictObject({
  keyId: z.string(),
  keyName: z.string(),
  accountId: z.string(),
  projectId: z.string(),
  role: keyRole,
}) satisfies z.ZodType<Caller>;

const savedFile = z.strictObject({
  format: z.literal("bonfire-keys"),
  version: z.literal(1),
  /** Which database the keys are from: host, port and name. */
  database: z.string(),
  current_at: z.int(),
  /** By the SHA-256 of their secret. */
  keys: z.record(z.string().regex(/^[0-9a-f]{64}$/), savedCaller),
});

/** The keys on disk, so that a gateway that starts while its database is away knows them. Hashes only, for its owner's eyes only. */
export class KeySnapshotFile {
  readonly #path: string;
  readonly #database: string;

  /** @param database tells the database from others: the keys of another one are not honoured. */
  constructor({ path, database }: { readonly path: string; readonly database: string }) {
    this.#path = path;
    this.#database = database;
  }

  /** @throws Error that says why the file is of no use. */
  async read(now: number): Promise<SavedKeys> {
    const { database, current_at: currentAt, keys } = await this.#parse();
    if (database !== this.#database) throw new Error(`${this.#path} holds the keys of another database, ${database}.`);
    if (currentAt > now + CLOCK_TOLERANCE_MS) throw new Error(`${this.#path} is from the future, ${isoTime(currentAt)}.`);
    if (now - currentAt > SNAPSHOT_MAX_AGE_MS) throw new Error(`${this.#path} is from ${isoTime(currentAt)}, more than 24 hours ago.`);
    return { callers: new Map(Object.entries(keys)), currentAt };
  }

  /** All or nothing, also when the machine fails in the middle. @throws when that fails; the file is gone then, because it is not true any more. */
  async write({ callers, currentAt }: SavedKeys): Promise<void> {
    const saved: z.input<typeof savedFile> = {
      format: "bonfire-keys",
      version: 1,
      database: this.#database,
      current_at: currentAt,
      keys: Object.fromEntries(callers),
    };
    try {
      await replacePrivateFile(this.#path, `${JSON.stringify(saved)}\n`);
    } catch (cause) {
      await rm(this.#path, { force: true }).catch(() => undefined);
      throw new Error(`The known keys cannot be saved in ${this.#path}.`, { cause });
    }
  }

  async #parse(): Promise<z.output<typeof savedFile>> {
    try {
      return savedFile.parse(JSON.parse(await readFile(this.#path, "utf8")));
    } catch (cause) {
      if (hasCode(cause, "ENOENT")) throw new Error(`There is no ${this.#path}.`, { cause });
      throw new Error(`${this.#path} is damaged, or of another version of Bonfire.`, { cause });
    }
  }
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
