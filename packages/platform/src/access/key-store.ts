import type { Dialect } from "@bonfire/protocol/dialect";
import { newId } from "@bonfire/protocol/ids";
import type { ApiKey, CreatedKey, KeyRole } from "@bonfire/protocol/keys";
import { and, asc, count, eq, gt, isNull, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { apiKeys, DEFAULT_ACCOUNT_ID, DEFAULT_PROJECT_ID } from "../storage/schema.ts";
import type { KnownEntries, SnapshotSource } from "../storage/snapshot.ts";
import { raiseVersion, readVersion } from "../storage/snapshot-version.ts";
import { inTransaction } from "../storage/transaction.ts";
import type { Caller } from "./caller.ts";
import { hashKeySecret, newKeySecret, shownPrefix } from "./key-secret.ts";

interface NewKey {
  readonly name: string;
  readonly role: KeyRole;
  /** Whose API its client was written for; absent where each request tells. */
  readonly dialect?: Dialect | undefined;
}

/** Keys in the database. Every change raises the version that gateways compare with. */
export class KeyStore implements SnapshotSource<Caller> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create({ secret = newKeySecret(), ...key }: NewKey & { readonly secret?: string }): Promise<CreatedKey> {
    const row = await this.#insert(key, secret);
    if (row === undefined) throw new Error("A key with this secret exists already.");
    return { ...toApiKey(row), key: secret };
  }

  /** Creates a key with a chosen secret unless that secret is known, revoked or not. @returns whether it was created. */
  async ensure({ secret, ...key }: NewKey & { readonly secret: string }): Promise<boolean> {
    return (await this.#insert(key, secret)) !== undefined;
  }

  /** In order of creation, revoked ones included. */
  async list({ limit, after }: { limit: number; after: string | undefined }): Promise<{ keys: ApiKey[]; hasMore: boolean }> {
    const rows = await this.#database
      .select()
      .from(apiKeys)
      .where(after === undefined ? undefined : gt(apiKeys.id, after))
      .orderBy(asc(apiKeys.id))
      .limit(limit + 1);
    return { keys: rows.slice(0, limit).map(toApiKey), hasMore: rows.length > limit };
  }

  /** @returns false when there is no such key, or it was revoked before. */
  async revoke(id: string): Promise<boolean> {
    return inTransaction(this.#database, async (transaction) => {
      const revoked = await transaction
        .update(apiKeys)
        .set({ revokedAt: sql`now()` })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id });
      if (revoked.length > 0) await raiseVersion(transaction, "keys");
      return revoked.length > 0;
    });
  }

  async count(): Promise<number> {
    const [row] = await this.#database.select({ keys: count() }).from(apiKeys);
    return row?.keys ?? 0;
  }

  version(): Promise<number> {
    return readVersion(this.#database, "keys");
  }

  /** All valid keys as of one version, by the hash of their secret. */
  async known(): Promise<KnownEntries<Caller>> {
    // The version first: a change in between makes the next comparison differ, and the keys are read again.
    const version = await this.version();
    const rows = await this.#database.select().from(apiKeys).where(isNull(apiKeys.revokedAt));
    return { version, entries: new Map(rows.map((row) => [row.hash, toCaller(row)])) };
  }

  async #insert({ name, role, dialect }: NewKey, secret: string): Promise<typeof apiKeys.$inferSelect | undefined> {
    return inTransaction(this.#database, async (transaction) => {
      const [row] = await transaction
        .insert(apiKeys)
        .values({
          id: newId("key"),
          accountId: DEFAULT_ACCOUNT_ID,
          projectId: DEFAULT_PROJECT_ID,
          name,
          role,
          dialect: dialect ?? null,
          prefix: shownPrefix(secret),
          hashScheme: "sha256",
          hash: hashKeySecret(secret),
        })
        .onConflictDoNothing({ target: apiKeys.hash })
        .returning();
      if (row !== undefined) await raiseVersion(transaction, "keys");
      return row;
    });
  }
}

function toApiKey(row: typeof apiKeys.$inferSelect): ApiKey {
  return {
    id: row.id,
    object: "api_key",
    name: row.name,
    role: row.role,
    dialect: row.dialect,
    prefix: row.prefix,
    created_at: unixSeconds(row.createdAt),
    revoked_at: row.revokedAt === null ? null : unixSeconds(row.revokedAt),
  };
}

function toCaller(row: typeof apiKeys.$inferSelect): Caller {
  const { id, name, accountId, projectId, role, dialect } = row;
  return { keyId: id, keyName: name, accountId, projectId, role, ...(dialect === null ? {} : { dialect }) };
}

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
