import { bigint, index, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";

const createdAt = () => timestamp("created_at", { withTimezone: true }).notNull().defaultNow();

/** A tenant. */
export const accounts = pgTable("accounts", {
  id: text().primaryKey(),
  name: text().notNull(),
  createdAt: createdAt(),
});

/** A budgeted space inside an account. */
export const projects = pgTable("projects", {
  id: text().primaryKey(),
  accountId: text("account_id")
    .notNull()
    .references(() => accounts.id),
  name: text().notNull(),
  createdAt: createdAt(),
});

/** Secrets that act for a project; only their hashes are kept. */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: text().primaryKey(),
    accountId: text("account_id")
      .notNull()
      .references(() => accounts.id),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id),
    name: text().notNull(),
    role: text({ enum: ["inference", "admin"] }).notNull(),
    /** First characters of the secret, for lists. */
    prefix: text().notNull(),
    /** How `hash` was made; `sha256` is the hexadecimal SHA-256 of the secret. */
    hashScheme: text("hash_scheme", { enum: ["sha256"] }).notNull(),
    hash: text().notNull(),
    createdAt: createdAt(),
    revokedAt: timestamp("revoked_at", { withTimezone: true }),
  },
  (table) => [uniqueIndex("api_keys_hash").on(table.hash), index("api_keys_project").on(table.projectId)],
);

/** One counter for each kind of data that gateways hold in memory, raised in the transaction of whoever changes it. */
export const snapshotVersions = pgTable("snapshot_versions", {
  kind: text().primaryKey(),
  version: bigint({ mode: "number" }).notNull(),
});

/** The account and project that exist from the first migration on. */
export const DEFAULT_ACCOUNT_ID = "acct_default";
export const DEFAULT_PROJECT_ID = "proj_default";
