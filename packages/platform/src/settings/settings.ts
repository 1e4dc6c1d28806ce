import { UPSTREAM_PROFILES } from "@bonfire/protocol/upstreams";
import { z } from "zod";
import { faultOfChosenSecret } from "../access/key-secret.ts";
import { byteSize, duration } from "./quantities.ts";

/** One setting of the process. Its key in `SETTINGS` is its place in bonfire.yaml: `server.port` is `port` below `server`. */
interface Setting<Schema extends z.ZodType = z.ZodType> {
  /** The variable that sets it as well, and wins over the file. */
  readonly env: string;
  /** How the variable's text is read; in the file the value has this type. */
  readonly type: "text" | "number" | "boolean" | "list";
  readonly schema: Schema;
  /** One line for help texts and the reference; ends with the default where there is one. */
  readonly about: string;
  /** Never printed. */
  readonly secret?: true;
}

const setting = <Schema extends z.ZodType>(env: string, schema: Schema, about: string, more: Pick<Setting, "secret"> = {}) =>
  ({ env, type: "text", schema, about, ...more }) satisfies Setting<Schema>;
const number = <Schema extends z.ZodType>(env: string, schema: Schema, about: string) =>
  ({ env, type: "number", schema, about }) satisfies Setting<Schema>;
const flag = (env: string, initially: boolean, about: string) =>
  ({ env, type: "boolean", schema: z.boolean("true or false").default(initially), about }) satisfies Setting;
const list = <Schema extends z.ZodType>(env: string, schema: Schema, about: string, more: Pick<Setting, "secret"> = {}) =>
  ({ env, type: "list", schema, about, ...more }) satisfies Setting<Schema>;

const text = (expected: string) => z.string(expected).min(1, expected);
const httpUrl = (expected: string) => z.url({ protocol: /^https?$/, error: expected });
const PORT = "a port number from 0 to 65535 (0 picks a free one)";
const WORKERS = "a whole number from 0 to 256";
const RATIO = "a number from 0 to 1";
const ORIGIN = "an origin such as https://app.example.com, or *";

/** Every setting of the process but where its home is. */
export const SETTINGS = {
  cache: setting(
    "BONFIRE_CACHE",
    text("a folder").optional(),
    "Folder of downloads that instances share. Default: the user's cache folder",
  ),
  "server.host": setting("BONFIRE_HOST", text("an address").default("127.0.0.1"), "Address to listen on. Default 127.0.0.1"),
  "server.port": number(
    "BONFIRE_PORT",
    z.int(PORT).min(0, PORT).max(65_535, PORT).default(8080),
    "Port to listen on. Default 8080; 0 picks a free one",
  ),
  "server.cors_origins": list(
    "BONFIRE_CORS_ORIGINS",
    z
      .array(z.string(ORIGIN).regex(/^(\*|https?:\/\/[^/\s]+)$/, ORIGIN))
      .readonly()
      .default([]),
    "Origins of web pages that may call the API from a browser; * for all. Default: none",
  ),
  "server.shutdown_grace": setting(
    "BONFIRE_SHUTDOWN_GRACE",
    duration().default(10_000),
    "How long running requests may go on after the platform is asked to stop. Default 10s",
  ),
  "server.workers": number(
    "BONFIRE_WORKERS",
    z.int(WORKERS).min(0, WORKERS).max(256, WORKERS).default(0),
    "Gateway processes that share the port; 0 does everything in one process. Default 0",
  ),
  "server.restart_grace": setting(
    "BONFIRE_RESTART_GRACE",
    duration().default(600_000),
    "How long the requests of a worker may go on when it is replaced. Default 10m",
  ),
  "auth.bootstrap_key": setting(
    "BONFIRE_BOOTSTRAP_KEY",
    z
      .string("a text")
      .superRefine((secret, context) => {
        const fault = faultOfChosenSecret(secret);
        if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
      })
      .optional(),
    "Value of a first admin key that you choose, at least 20 characters",
    { secret: true },
  ),
  "secrets.root": setting(
    "BONFIRE_SECRET",
    text("a text").optional(),
    "Root secret under which keys of upstreams are sealed, at least 32 random characters; all gateways of one database need the same. Default: made at the first start and kept in the home",
    { secret: true },
  ),
  "secrets.previous": list(
    "BONFIRE_PREVIOUS_SECRETS",
    z.array(text("a text")).readonly().default([]),
    "Root secrets of before, until `bonfire secrets rotate` has sealed everything under the present one",
    { secret: true },
  ),
  "database.url": setting(
    "DATABASE_URL",
    z
      .string("a URL")
      .regex(/^postgres(ql)?:\/\//, "a URL that begins with postgresql://")
      .optional(),
    "PostgreSQL to use instead of the embedded one",
    { secret: true },
  ),
  "redis.url": setting(
    "REDIS_URL",
    z
      .string("a URL")
      .regex(/^rediss?:\/\//, "a URL that begins with redis:// or rediss://")
      .optional(),
    "Redis in which several gateways share stored answers. Default: each keeps its own in memory",
    { secret: true },
  ),
  "answers.memory": setting(
    "BONFIRE_ANSWER_MEMORY",
    byteSize().default(64_000_000),
    "Memory for stored answers where there is no Redis; 0B stores none. Default 64MB",
  ),
  "queue.size": number(
    "BONFIRE_QUEUE_SIZE",
    z
      .int("a whole number from 1 to 100000")
      .min(1, "a whole number from 1 to 100000")
      .max(100_000, "a whole number from 1 to 100000")
      .default(512),
    "Requests that may wait for one model; one key has at most half of that. Default 512",
  ),
  "queue.wait": setting(
    "BONFIRE_QUEUE_WAIT",
    duration().default(60_000),
    "How long a request waits for a place before it is told to come back. Default 60s",
  ),
  "ledger.keep": setting(
    "BONFIRE_LEDGER_KEEP",
    z.union([z.literal("forever"), duration()], "a duration such as 90d, or forever").default("forever"),
    "How long the ledger's rows are kept, by whole days; forever keeps them. Default forever",
  ),
  "responses.retention": setting(
    "BONFIRE_RESPONSES_RETENTION",
    z.union([z.literal("forever"), duration()], "a duration such as 30d, or forever").default(2_592_000_000),
    "How long stored responses and conversations are kept after their last use; forever keeps them. Default 30d",
  ),
  "images.remote": flag(
    "BONFIRE_REMOTE_IMAGES",
    true,
    "Whether images are fetched from the public addresses that requests name; false takes data URLs only. Default true",
  ),
  "models.preload": list(
    "BONFIRE_PRELOAD",
    z.array(text("a model's name")).readonly().default(["smollm2"]),
    "Models that are fetched and loaded at start and stay loaded; an empty list, or none, loads each model at its first request. Default smollm2",
  ),
  "models.keep_alive": setting(
    "BONFIRE_KEEP_ALIVE",
    z.union([z.literal("forever"), duration()], "a duration such as 30s or 5m, or forever").default(600_000),
    "How long a model that was loaded by a request stays loaded without one; forever keeps it. Default 10m",
  ),
  "models.load_wait": setting(
    "BONFIRE_LOAD_WAIT",
    duration().default(60_000),
    "How long a request waits for its model to be loaded before it is told to come back. Default 60s",
  ),
  "models.memory": setting(
    "BONFIRE_MEMORY",
    byteSize().optional(),
    "Main memory that all loaded models together may take. Default: half of what the machine or its container has",
  ),
  "models.gpu_memory": setting(
    "BONFIRE_GPU_MEMORY",
    byteSize().optional(),
    "GPU memory that all loaded models together may take; 0B keeps them off the GPU. Default: nine tenths of what is there",
  ),
  "engine.llama_server": setting(
    "BONFIRE_LLAMA_SERVER",
    text("a path").optional(),
    "Path of a llama-server to use instead of the one that is installed",
  ),
  "hugging_face.endpoint": setting(
    "HF_ENDPOINT",
    httpUrl("an http or https URL").default("https://huggingface.co"),
    "Hugging Face or a mirror of it. Default https://huggingface.co",
  ),
  "hugging_face.token": setting("HF_TOKEN", text("a token").optional(), "Hugging Face token for gated models", { secret: true }),
  "upstream.url": setting(
    "BONFIRE_UPSTREAM_URL",
    httpUrl("a base URL such as http://127.0.0.1:8000/v1").optional(),
    "Base URL of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1, whose models are served as well",
  ),
  "upstream.api_key": setting("BONFIRE_UPSTREAM_API_KEY", text("a key").optional(), "Key for that server", { secret: true }),
  "upstream.profile": setting(
    "BONFIRE_UPSTREAM_PROFILE",
    z.enum(UPSTREAM_PROFILES, `one of ${UPSTREAM_PROFILES.join(", ")}`).default("generic"),
    "What kind of server it is, which says what it understands: generic, or one of those in upstream-profiles.md. Default generic",
  ),
  "log.level": setting(
    "BONFIRE_LOG_LEVEL",
    z
      .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "one of trace, debug, info, warn, error, fatal, silent")
      .default("info"),
    "Least level that is logged: trace, debug, info, warn, error, fatal or silent. Default info",
  ),
  "log.format": setting(
    "BONFIRE_LOG_FORMAT",
    z.enum(["auto", "json", "pretty"], "auto, json or pretty").default("auto"),
    "Form of log lines on stderr: json, pretty, or auto: pretty on a terminal. Default auto",
  ),
  "log.file": flag("BONFIRE_LOG_FILE", true, "Whether the log is kept in the home as well, where `bonfire logs` reads it. Default true"),
  "metrics.public": flag("BONFIRE_METRICS_PUBLIC", false, "Whether /metrics answers without an admin key. Default false"),
  "tracing.endpoint": setting(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    httpUrl("an http or https URL such as http://127.0.0.1:4318").optional(),
    "OTLP/HTTP collector that traces are sent to, such as http://127.0.0.1:4318. Default: no traces",
  ),
  "tracing.headers": list(
    "OTEL_EXPORTER_OTLP_HEADERS",
    z
      .array(z.string("name=value").regex(/^[\w-]+=.+$/, "entries of the form name=value"))
      .readonly()
      .default([]),
    "Headers for the collector, each name=value, percent-encoded",
    { secret: true },
  ),
  "tracing.sample_ratio": number(
    "BONFIRE_TRACE_SAMPLE_RATIO",
    z.number(RATIO).min(0, RATIO).max(1, RATIO).default(1),
    "Part of the traces that begin here which is kept, 0 to 1. Default 1",
  ),
  "tracing.service_name": setting("OTEL_SERVICE_NAME", text("a name").default("bonfire"), "Service name in traces. Default bonfire"),
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingPath = keyof typeof SETTINGS;

/** The values of all settings, checked and with their defaults. */
export type SettingValues = { readonly [Path in SettingPath]: z.output<(typeof SETTINGS)[Path]["schema"]> };

/** Variables that say where the rest is; they have no place in the file. */
export const PLACES = {
  BONFIRE_HOME: "Folder of this instance: database, ledger, logs, sockets, bonfire.yaml. Default ~/.bonfire",
  BONFIRE_CONFIG: "Settings file. Default: bonfire.yaml in BONFIRE_HOME, where there is one",
} as const;

/** Variables that belong to clients of the platform: known, so that they are taken for no typing error. */
export const CLIENT_VARIABLES = ["BONFIRE_ADMIN_KEY", "BONFIRE_API_KEY"] as const;

export const SETTING_PATHS = Object.keys(SETTINGS).filter((path): path is SettingPath => path in SETTINGS);
