import { bigint, boolean, index, integer, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";

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

/**
 * One row for each attempt: a request that was sent to one replica. Partitioned by the UTC day inside the id, a UUIDv7; the partitions are
 * made when their first row comes. No foreign keys: rows outlive what they name. Null in a token class is "not known", which is not zero.
 */
export const ledger = pgTable("ledger", {
  id: uuid().primaryKey(),
  requestId: text("request_id").notNull(),
  accountId: text("account_id").notNull(),
  projectId: text("project_id").notNull(),
  /** Null for the operator's socket. */
  keyId: text("key_id"),
  model: text().notNull(),
  deployment: text().notNull(),
  endpoint: text().notNull(),
  streamed: boolean().notNull(),
  /** Within the request, from 1. */
  attempt: integer().notNull(),
  outcome: text({ enum: ["succeeded", "cancelled", "failed", "interrupted"] }).notNull(),
  errorCode: text("error_code"),
  finishReason: text("finish_reason"),
  uncachedPromptTokens: bigint("uncached_prompt_tokens", { mode: "number" }),
  cachedPromptTokens: bigint("cached_prompt_tokens", { mode: "number" }),
  /** Without those of the reasoning. */
  completionTokens: bigint("completion_tokens", { mode: "number" }),
  reasoningTokens: bigint("reasoning_tokens", { mode: "number" }),
  usageSource: text("usage_source", { enum: ["engine", "provider", "estimated", "none"] }).notNull(),
  firstTokenMs: bigint("first_token_ms", { mode: "number" }),
  durationMs: bigint("duration_ms", { mode: "number" }),
});

/** The account and project that exist from the first migration on. */
export const DEFAULT_ACCOUNT_ID = "acct_default";
export const DEFAULT_PROJECT_ID = "proj_default";
