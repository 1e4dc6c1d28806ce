import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, json, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";

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
    /** Whose API its client was written for; null where that is left to each request. */
    dialect: text({ enum: ["openai", "together", "fireworks"] }),
    createdAt: createdAt(),
    revokedAt: timestamp("revoked_at", { withTimezone: true }),
  },
  (table) => [uniqueIndex("api_keys_hash").on(table.hash), index("api_keys_project").on(table.projectId)],
);

/** Names of the operator's own for models; what they stand for need not be there. */
export const modelAliases = pgTable(
  "model_aliases",
  {
    accountId: text("account_id")
      .notNull()
      .references(() => accounts.id),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id),
    name: text().notNull(),
    /** Id of the model. */
    model: text().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.name] })],
);

/** Other servers that answer for models; what operators say of them stands in `definition` (`UpstreamDefinition`). */
export const upstreams = pgTable(
  "upstreams",
  {
    id: text().primaryKey(),
    accountId: text("account_id")
      .notNull()
      .references(() => accounts.id),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id),
    name: text().notNull(),
    definition: json().notNull(),
    /** What its own list of models said when it was last read (`UpstreamModel[]`); null before. */
    listedModels: json("listed_models"),
    listedAt: timestamp("listed_at", { withTimezone: true }),
    listError: text("list_error"),
    createdAt: createdAt(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [uniqueIndex("upstreams_name").on(table.projectId, table.name)],
);

/** Keys that upstreams gave the operator, sealed (`secrets/`). */
export const upstreamKeys = pgTable(
  "upstream_keys",
  {
    upstreamId: text("upstream_id")
      .notNull()
      .references(() => upstreams.id, { onDelete: "cascade" }),
    name: text().notNull(),
    /** Where it stands among its upstream's keys, from 0. */
    position: integer().notNull(),
    /** A sealed secret as text; it names its scheme and the root secret that it depends on. */
    sealed: text().notNull(),
    /** Tells whether a secret is the same, without opening it. */
    fingerprint: text().notNull(),
    /** Last characters of the secret, for lists. */
    hint: text().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.upstreamId, table.name] })],
);

/** Where requests for a name go (`RouteDefinition`). */
export const routes = pgTable(
  "routes",
  {
    accountId: text("account_id")
      .notNull()
      .references(() => accounts.id),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id),
    /** What clients name, with a star at its end where it stands for any rest. */
    model: text().notNull(),
    definition: json().notNull(),
    createdAt: createdAt(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.model] })],
);

/** Deployments that take no new requests, by name. */
export const drainedDeployments = pgTable("drained_deployments", {
  name: text().primaryKey(),
  createdAt: createdAt(),
});

/** Gateways that live: each renews its row every second, and reads those of the others. */
export const gateways = pgTable("gateways", {
  id: text().primaryKey(),
  aliveAt: timestamp("alive_at", { withTimezone: true }).notNull(),
  /** What the others should know (`GatewayReport`). */
  report: json().notNull(),
});

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
  /** Why it was made. */
  cause: text({ enum: ["first", "retry", "fallback", "hedge"] })
    .notNull()
    .default("first"),
  /** How long the request had waited for a place before it; null where it was not noted. */
  queuedMs: bigint("queued_ms", { mode: "number" }),
  outcome: text({ enum: ["succeeded", "cancelled", "failed", "interrupted"] }).notNull(),
  errorCode: text("error_code"),
  finishReason: text("finish_reason"),
  uncachedPromptTokens: bigint("uncached_prompt_tokens", { mode: "number" }),
  cachedPromptTokens: bigint("cached_prompt_tokens", { mode: "number" }),
  /** Without those of the reasoning. */
  completionTokens: bigint("completion_tokens", { mode: "number" }),
  reasoningTokens: bigint("reasoning_tokens", { mode: "number" }),
  usageSource: text("usage_source", { enum: ["engine", "provider", "estimated", "cache", "none"] }).notNull(),
  firstTokenMs: bigint("first_token_ms", { mode: "number" }),
  durationMs: bigint("duration_ms", { mode: "number" }),
});

/** The account and project that exist from the first migration on. */
export const DEFAULT_ACCOUNT_ID = "acct_default";
export const DEFAULT_PROJECT_ID = "proj_default";

const project = () => ({
  accountId: text("account_id")
    .notNull()
    .references(() => accounts.id),
  projectId: text("project_id")
    .notNull()
    .references(() => projects.id),
});
const lastUsedAt = () => timestamp("last_used_at", { withTimezone: true }).notNull().defaultNow();

/**
 * Stored responses. Documents are `json`, not `jsonb`: it takes every text, also one with U+0000 in it, and gives it back as it was.
 */
export const responses = pgTable(
  "responses",
  {
    id: text().primaryKey(),
    ...project(),
    /** Null for the operator's socket. */
    keyId: text("key_id"),
    status: text({ enum: ["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"] }).notNull(),
    background: boolean().notNull(),
    previousResponseId: text("previous_response_id"),
    conversationId: text("conversation_id"),
    /** The response as clients get it, without its output, which stands in `response_items`. */
    body: json().notNull(),
    /** Why it failed, where that came to light after its body was written. */
    error: json(),
    /** What a background response was generated from, for clients that come back to its stream. */
    events: json(),
    /** The gateway that runs a background response; it sees to `alive_at` until the response has ended. */
    runnerId: text("runner_id"),
    aliveAt: timestamp("alive_at", { withTimezone: true }),
    createdAt: createdAt(),
    lastUsedAt: lastUsedAt(),
  },
  (table) => [
    index("responses_last_used").on(table.lastUsedAt),
    index("responses_running").on(table.runnerId).where(sql`status in ('queued', 'in_progress')`),
  ],
);

/** What went into a stored response and what came out. Clients choose ids of input items: they need not be unique. */
export const responseItems = pgTable(
  "response_items",
  {
    responseId: text("response_id")
      .notNull()
      .references(() => responses.id, { onDelete: "cascade" }),
    /** Input first, then output. */
    position: integer().notNull(),
    isOutput: boolean("is_output").notNull(),
    id: text().notNull(),
    projectId: text("project_id").notNull(),
    item: json().notNull(),
  },
  (table) => [primaryKey({ columns: [table.responseId, table.position] }), index("response_items_id").on(table.projectId, table.id)],
);

export const conversations = pgTable(
  "conversations",
  {
    id: text().primaryKey(),
    ...project(),
    metadata: json().notNull(),
    createdAt: createdAt(),
    lastUsedAt: lastUsedAt(),
  },
  (table) => [index("conversations_last_used").on(table.lastUsedAt)],
);

export const conversationItems = pgTable(
  "conversation_items",
  {
    conversationId: text("conversation_id")
      .notNull()
      .references(() => conversations.id, { onDelete: "cascade" }),
    /** In the order in which they were added. */
    position: integer().notNull(),
    id: text().notNull(),
    projectId: text("project_id").notNull(),
    item: json().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.conversationId, table.position] }),
    index("conversation_items_id").on(table.projectId, table.id),
  ],
);
