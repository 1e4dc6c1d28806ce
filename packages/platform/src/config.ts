import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { faultOfChosenSecret } from "./access/key-secret.ts";

/** Every setting of the process, with the name under which a person sets it. */
const environmentSchema = z.object({
  BONFIRE_HOME: z.string().min(1).optional().describe("Folder of this instance: database, sockets. Default ~/.bonfire"),
  BONFIRE_CACHE: z.string().min(1).optional().describe("Folder of downloads that instances share. Default: the user's cache folder"),
  BONFIRE_HOST: z.string().min(1).default("127.0.0.1").describe("Address to listen on. Default 127.0.0.1"),
  BONFIRE_PORT: z
    .string()
    .regex(/^\d+$/, "a port number from 0 to 65535 (0 picks a free one)")
    .transform(Number)
    .refine((port) => port <= 65_535, "a port number from 0 to 65535 (0 picks a free one)")
    .default(8080)
    .describe("Port to listen on. Default 8080; 0 picks a free one"),
  BONFIRE_BOOTSTRAP_KEY: z
    .string()
    .superRefine((secret, context) => {
      const fault = faultOfChosenSecret(secret);
      if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
    })
    .optional()
    .describe("Value of a first admin key that you choose, at least 20 characters"),
  BONFIRE_LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "one of trace, debug, info, warn, error, fatal, silent")
    .default("info")
    .describe("Least level that is logged: trace, debug, info, warn, error, fatal or silent. Default info"),
  BONFIRE_LLAMA_SERVER: z.string().min(1).optional().describe("Path of a llama-server to use instead of the one that is installed"),
  BONFIRE_UPSTREAM_URL: z
    .url({ protocol: /^https?$/, error: "a base URL such as http://127.0.0.1:8000/v1" })
    .optional()
    .describe("Base URL of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1, whose models are served as well"),
  BONFIRE_UPSTREAM_API_KEY: z.string().min(1).optional().describe("Key for that server"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "a URL that begins with postgresql://")
    .optional()
    .describe("PostgreSQL to use instead of the embedded one"),
  HF_TOKEN: z.string().min(1).optional().describe("Hugging Face token for gated models"),
  HF_ENDPOINT: z
    .url({ protocol: /^https?$/, error: "an http or https URL" })
    .default("https://huggingface.co")
    .describe("Hugging Face or a mirror of it. Default https://huggingface.co"),
});

/** Name and meaning of every setting, for help texts and the reference. */
export const SETTINGS: readonly { readonly name: string; readonly meaning: string }[] = Object.entries(environmentSchema.shape).map(
  ([name, schema]) => ({ name, meaning: schema.description ?? "" }),
);

export interface Config {
  readonly home: string;
  readonly cache: string;
  readonly host: string;
  readonly port: number;
  readonly bootstrapKey: string | undefined;
  readonly logLevel: string;
  readonly llamaServer: string | undefined;
  readonly upstream: { readonly url: string; readonly apiKey: string | undefined } | undefined;
  readonly databaseUrl: string | undefined;
  readonly huggingFace: { readonly endpoint: string; readonly token: string | undefined };
  /** The user that ran sudo, whose ids the embedded database may take. */
  readonly sudoUser: { readonly uid: number; readonly gid: number } | undefined;
  /** What child processes inherit: search paths, locale, proxies and pip's own settings; none of our secrets. */
  readonly childEnvironment: Readonly<Record<string, string>>;
}

/** A setting that cannot be used; the message names it and says what would be right. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads every setting once. An empty variable counts as unset. @throws ConfigError */
export function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: expected ${issue.message}`);
    throw new ConfigError(`These settings cannot be used:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
  const values = parsed.data;
  return {
    home: absolute(values.BONFIRE_HOME ?? join(homedir(), ".bonfire")),
    cache: absolute(values.BONFIRE_CACHE ?? defaultCache(environment, platform)),
    host: values.BONFIRE_HOST,
    port: values.BONFIRE_PORT,
    bootstrapKey: values.BONFIRE_BOOTSTRAP_KEY,
    logLevel: values.BONFIRE_LOG_LEVEL,
    llamaServer: values.BONFIRE_LLAMA_SERVER,
    upstream:
      values.BONFIRE_UPSTREAM_URL === undefined ? undefined : { url: values.BONFIRE_UPSTREAM_URL, apiKey: values.BONFIRE_UPSTREAM_API_KEY },
    databaseUrl: values.DATABASE_URL,
    huggingFace: { endpoint: values.HF_ENDPOINT, token: values.HF_TOKEN },
    sudoUser: readSudoUser(environment),
    childEnvironment: inheritable(environment),
  };
}

/** Where each system keeps what can be fetched again. */
function defaultCache(environment: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): string {
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "bonfire");
  if (platform === "win32") return join(environment.LOCALAPPDATA || join(homedir(), "AppData", "Local"), "bonfire", "cache");
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "bonfire");
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}

function readSudoUser({ SUDO_UID, SUDO_GID }: Readonly<Record<string, string | undefined>>): Config["sudoUser"] {
  const uid = Number(SUDO_UID);
  const gid = Number(SUDO_GID);
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 && gid > 0 ? { uid, gid } : undefined;
}

const INHERITED =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+|CUDA_\w+|SYSTEMROOT|PIP_\w+|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|(https?|no|all)_proxy)$/i;

function inheritable(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && INHERITED.test(name)) inherited[name] = value;
  return inherited;
}
