import type { UpstreamResource } from "@bonfire/protocol/upstreams";
import { and, eq, sql } from "drizzle-orm";
import { upstreamKeyContext } from "../secrets/upstream-key-context.ts";
import type { Database } from "../storage/database.ts";
import { DEFAULT_PROJECT_ID, upstreamKeys, upstreams } from "../storage/schema.ts";
import type { KnownEntries, SnapshotSource } from "../storage/snapshot.ts";
import { raiseVersion, readVersion } from "../storage/snapshot-version.ts";
import { inTransaction } from "../storage/transaction.ts";
import { type KnownUpstream, type StoredUpstream, upstreamEtag } from "./known-upstream.ts";
import { planUpstream, type UpstreamFault, type UpstreamRules } from "./plan-upstream.ts";
import { type ReadList, TOO_LONG } from "./read-list.ts";
import { deleteUpstreams, lockUpstreams, readUpstreams, writeUpstream } from "./upstream-rows.ts";

/** What became of a change that was to be made only to what the caller has seen. */
export type Changed<Result> = Result | "conflict" | "absent";

interface PutUpstream {
  readonly type: "put";
  readonly upstream: StoredUpstream;
  readonly isChange: boolean;
}

/** How old a list may be; one that could not be read is tried again sooner. */
const LIST_MAX_AGE = sql`interval '1 hour'`;
const FAILED_LIST_MAX_AGE = sql`interval '1 minute'`;
/** Lists that one gateway reads at a time. */
const MOST_DUE = 8;

/** What a change may depend on: the tag of what is to be changed, `*` for anything that is there. */
type ExpectedTag = string | undefined;

/** Upstreams and their sealed keys, in the database. Every change raises the version that gateways compare with. */
export class UpstreamStore implements SnapshotSource<KnownUpstream> {
  readonly #database: Database;
  readonly #rules: UpstreamRules;

  constructor(database: Database, rules: UpstreamRules) {
    this.#database = database;
    this.#rules = rules;
  }

  /** By name, in the order of their names. */
  list(): Promise<Map<string, StoredUpstream>> {
    return readUpstreams(this.#database);
  }

  async find(name: string): Promise<StoredUpstream | undefined> {
    return (await this.list()).get(name);
  }

  /** Creates an upstream or replaces the one of its name. @returns it as it is then, and whether anything had to be written. */
  async put(resource: UpstreamResource, expected: ExpectedTag): Promise<PutUpstream | UpstreamFault | "conflict"> {
    return inTransaction(this.#database, async (transaction) => {
      await lockUpstreams(transaction);
      const before = (await readUpstreams(transaction)).get(resource.name);
      if (!isExpected(before, expected)) return "conflict";
      const planned = planUpstream(resource, before, this.#rules);
      if (planned.type === "fault") return planned;
      if (before !== undefined && !planned.isChange) return { type: "put", upstream: before, isChange: false };
      await writeUpstream(transaction, planned);
      await raiseVersion(transaction, "upstreams");
      const upstream = (await readUpstreams(transaction)).get(resource.name);
      if (upstream === undefined) throw new Error("The database did not return the upstream that it stored.");
      return { type: "put", upstream, isChange: true };
    });
  }

  async remove(name: string, expected: ExpectedTag): Promise<Changed<"removed">> {
    return inTransaction(this.#database, async (transaction) => {
      await lockUpstreams(transaction);
      const before = (await readUpstreams(transaction)).get(name);
      if (before === undefined) return "absent";
      if (!isExpected(before, expected)) return "conflict";
      await deleteUpstreams(transaction, [name]);
      await raiseVersion(transaction, "upstreams");
      return "removed";
    });
  }

  /** Notes what an upstream's list said, or why it could not be read: then the last one stays. */
  async noteList(name: string, read: ReadList): Promise<void> {
    await inTransaction(this.#database, async (transaction) => {
      await lockUpstreams(transaction);
      const before = (await readUpstreams(transaction)).get(name);
      if (before === undefined) return;
      const isNew = "models" in read && JSON.stringify(read.models) !== JSON.stringify(before.listed);
      await transaction
        .update(upstreams)
        .set({ listedAt: sql`now()`, listError: read.error, ...(isNew ? { listedModels: read.models } : {}) })
        .where(and(eq(upstreams.projectId, DEFAULT_PROJECT_ID), eq(upstreams.name, name)));
      if (isNew) await raiseVersion(transaction, "upstreams");
    });
  }

  /** Upstreams whose list has to be read again. Each is given to one gateway alone. */
  async claimDueLists(): Promise<string[]> {
    const due = this.#database
      .select({ id: upstreams.id })
      .from(upstreams)
      .where(
        sql`coalesce((${upstreams.definition} ->> 'import_models')::boolean, true) and (${upstreams.listedAt} is null
          or ${upstreams.listedAt} < now() - ${LIST_MAX_AGE}
          or (not starts_with(${upstreams.listError}, ${TOO_LONG}) and ${upstreams.listedAt} < now() - ${FAILED_LIST_MAX_AGE}))`,
      )
      .limit(MOST_DUE)
      .for("update", { skipLocked: true });
    const rows = await this.#database
      .update(upstreams)
      .set({ listedAt: sql`now()` })
      .where(sql`${upstreams.id} in ${due}`)
      .returning({ name: upstreams.name });
    return rows.map(({ name }) => name);
  }

  /** Seals under the current root secret what was sealed under an earlier one. @returns how many keys there are, and how many that were. */
  async reseal(): Promise<{ readonly sealed: number; readonly resealed: number }> {
    const { sealer } = this.#rules;
    return inTransaction(this.#database, async (transaction) => {
      await lockUpstreams(transaction);
      const keys = await transaction
        .select({ id: upstreamKeys.upstreamId, upstream: upstreams.name, name: upstreamKeys.name, sealed: upstreamKeys.sealed })
        .from(upstreamKeys)
        .innerJoin(upstreams, eq(upstreams.id, upstreamKeys.upstreamId));
      const outdated = keys.filter(({ sealed }) => sealer.needsReseal(sealed));
      for (const { id, upstream, name, sealed } of outdated) {
        await transaction
          .update(upstreamKeys)
          .set({ sealed: sealer.reseal(sealed, upstreamKeyContext(upstream, name)) })
          .where(and(eq(upstreamKeys.upstreamId, id), eq(upstreamKeys.name, name)));
      }
      if (outdated.length > 0) await raiseVersion(transaction, "upstreams");
      return { sealed: keys.length, resealed: outdated.length };
    });
  }

  version(): Promise<number> {
    return readVersion(this.#database, "upstreams");
  }

  /** All upstreams as of one version. */
  async known(): Promise<KnownEntries<KnownUpstream>> {
    // The version first: a change in between makes the next comparison differ, and the upstreams are read again.
    const version = await this.version();
    const stored = await this.list();
    return { version, entries: new Map([...stored].map(([name, { definition, keys, listed }]) => [name, { definition, keys, listed }])) };
  }
}

function isExpected(upstream: KnownUpstream | undefined, expected: ExpectedTag): boolean {
  if (expected === undefined) return true;
  return upstream !== undefined && (expected === "*" || expected === upstreamEtag(upstream));
}
