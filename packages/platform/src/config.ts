import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { UpstreamProfileName } from "@bonfire/protocol/upstreams";
import { type ProxySettings, readProxySettings } from "./egress/proxy-settings.ts";
import { readOtlpHeaders } from "./observability/otlp-headers.ts";
import { hasCode } from "./processes/error-code.ts";
import { type Environment, type ReadSettings, readSettings } from "./settings/read-settings.ts";
import type { SettingValues } from "./settings/settings.ts";

export interface Config {
  readonly home: string;
  readonly cache: string;
  readonly host: string;
  readonly port: number;
  readonly corsOrigins: readonly string[];
  readonly shutdownGraceMs: number;
  /** Gateway processes beside this one; 0: this one is the gateway. */
  readonly workers: number;
  /** For the requests of a worker that is replaced. */
  readonly restartGraceMs: number;
  readonly bootstrapKey: string | undefined;
  readonly secrets: {
    /** Undefined: the one in the home. */
    readonly root: string | undefined;
    readonly previous: readonly string[];
  };
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** For stored answers where there is no Redis. */
  readonly answerMemoryBytes: number;
  /** Requests that wait for a place at a model. */
  readonly queue: { readonly mostWaiting: number; readonly deadlineMs: number };
  /** Undefined: for ever. */
  readonly ledgerKeepMs: number | undefined;
  /** Undefined: for ever. */
  readonly responsesRetentionMs: number | undefined;
  readonly remoteImages: boolean;
  readonly models: {
    /** Names or references of those that are loaded at start. */
    readonly preload: readonly string[];
    /** Undefined: for ever. */
    readonly keepAliveMs: number | undefined;
    readonly loadWaitMs: number;
    /** Undefined: chosen by the hardware. */
    readonly memoryBytes: number | undefined;
    readonly gpuMemoryBytes: number | undefined;
  };
  readonly llamaServer: string | undefined;
  readonly upstream: { readonly url: string; readonly apiKey: string | undefined; readonly profile: UpstreamProfileName } | undefined;
  /** `proxy`: what downloads go through, from the usual variables. */
  readonly huggingFace: { readonly endpoint: string; readonly token: string | undefined; readonly proxy: ProxySettings | undefined };
  readonly log: { readonly level: string; readonly format: "auto" | "json" | "pretty"; readonly file: boolean };
  readonly metricsArePublic: boolean;
  /** Undefined: no traces. */
  readonly tracing:
    | {
        readonly endpoint: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly sampleRatio: number;
        readonly serviceName: string;
      }
    | undefined;
  /** The user that ran sudo, whose ids the embedded database may take. */
  readonly sudoUser: { readonly uid: number; readonly gid: number } | undefined;
  /** What child processes inherit: search paths, locale, proxies and pip's own settings; none of our secrets. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** The settings as they were given, for those who want to see where each comes from. */
  readonly settings: ReadSettings & { readonly file: string | undefined };
}

/** A setting that cannot be used; the message names it and says what would be right. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads every setting once, from bonfire.yaml and the environment. An empty variable counts as unset. @throws ConfigError */
export function loadConfig(environment: Environment, platform: NodeJS.Platform = process.platform): Config {
  const home = absolute(environment.BONFIRE_HOME || join(homedir(), ".bonfire"));
  const file = readSettingsFile(home, environment.BONFIRE_CONFIG || undefined);
  const settings = readSettings(environment, file);
  if ("faults" in settings) {
    throw new ConfigError(`These settings cannot be used:\n${settings.faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
  const { values } = settings;
  return {
    home,
    cache: absolute(values.cache ?? defaultCache(environment, platform)),
    host: values["server.host"],
    port: values["server.port"],
    corsOrigins: values["server.cors_origins"],
    shutdownGraceMs: values["server.shutdown_grace"],
    workers: values["server.workers"],
    restartGraceMs: values["server.restart_grace"],
    bootstrapKey: values["auth.bootstrap_key"],
    secrets: { root: values["secrets.root"], previous: values["secrets.previous"] },
    databaseUrl: values["database.url"],
    redisUrl: values["redis.url"],
    answerMemoryBytes: values["answers.memory"],
    queue: { mostWaiting: values["queue.size"], deadlineMs: values["queue.wait"] },
    ledgerKeepMs: values["ledger.keep"] === "forever" ? undefined : values["ledger.keep"],
    responsesRetentionMs: values["responses.retention"] === "forever" ? undefined : values["responses.retention"],
    remoteImages: values["images.remote"],
    models: {
      preload: values["models.preload"],
      keepAliveMs: values["models.keep_alive"] === "forever" ? undefined : values["models.keep_alive"],
      loadWaitMs: values["models.load_wait"],
      memoryBytes: values["models.memory"],
      gpuMemoryBytes: values["models.gpu_memory"],
    },
    llamaServer: values["engine.llama_server"],
    upstream:
      values["upstream.url"] === undefined
        ? undefined
        : { url: values["upstream.url"], apiKey: values["upstream.api_key"], profile: values["upstream.profile"] },
    huggingFace: { endpoint: values["hugging_face.endpoint"], token: values["hugging_face.token"], proxy: readProxySettings(environment) },
    log: { level: values["log.level"], format: values["log.format"], file: values["log.file"] },
    metricsArePublic: values["metrics.public"],
    tracing: tracingOf(values),
    sudoUser: readSudoUser(environment),
    childEnvironment: inheritable(environment),
    settings: { ...settings, file: file?.path },
  };
}

const SETTINGS_FILE = "bonfire.yaml";

/** Where the settings file of a home is looked for. */
export function settingsFilePath(environment: Environment, home: string): string {
  return absolute(environment.BONFIRE_CONFIG || join(home, SETTINGS_FILE));
}

/** A file that was asked for must be there; the one in the home may be missing. */
function readSettingsFile(home: string, chosen: string | undefined): { path: string; name: string; text: string } | undefined {
  const path = settingsFilePath({ BONFIRE_CONFIG: chosen }, home);
  try {
    return { path, name: chosen ?? SETTINGS_FILE, text: readFileSync(path, "utf8") };
  } catch (cause) {
    if (chosen === undefined && hasCode(cause, "ENOENT", "ENOTDIR")) return undefined;
    const asked = chosen === undefined ? "" : " (BONFIRE_CONFIG)";
    throw new ConfigError(`The settings file ${path}${asked} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function tracingOf(values: SettingValues): Config["tracing"] {
  const endpoint = values["tracing.endpoint"];
  if (endpoint === undefined) return undefined;
  const headers = readOtlpHeaders(values["tracing.headers"].join(","));
  if (headers === undefined)
    throw new ConfigError("tracing.headers (OTEL_EXPORTER_OTLP_HEADERS): expected entries of the form name=value, percent-encoded");
  return { endpoint, headers, sampleRatio: values["tracing.sample_ratio"], serviceName: values["tracing.service_name"] };
}

/** Where each system keeps what can be fetched again. */
function defaultCache(environment: Environment, platform: NodeJS.Platform): string {
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "bonfire");
  if (platform === "win32") return join(environment.LOCALAPPDATA || join(homedir(), "AppData", "Local"), "bonfire", "cache");
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "bonfire");
}

/** A tilde is the user's own folder, as in a shell, which does not see the settings file. */
function absolute(path: string): string {
  const expanded = path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
  return isAbsolute(expanded) ? expanded : resolve(expanded);
}

function readSudoUser({ SUDO_UID, SUDO_GID }: Environment): Config["sudoUser"] {
  const uid = Number(SUDO_UID);
  const gid = Number(SUDO_GID);
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 && gid > 0 ? { uid, gid } : undefined;
}

const INHERITED =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+|CUDA_\w+|SYSTEMROOT|PIP_\w+|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|(https?|no|all)_proxy)$/i;

function inheritable(environment: Environment): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && INHERITED.test(name)) inherited[name] = value;
  return inherited;
}
