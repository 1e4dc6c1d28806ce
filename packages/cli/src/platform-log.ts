import type { Config } from "@bonfire/platform/config";
import { LogFile } from "@bonfire/platform/observability/log-file";
import { createLogger, openLog } from "@bonfire/platform/observability/logger";
import { SETTING_PATHS, SETTINGS } from "@bonfire/platform/settings/settings";
import { logFolder } from "./log-folder.ts";
import { remark } from "./terminal-text.ts";

/** What the disk gets to take the last lines, milliseconds. */
const CLOSE_DEADLINE_MS = 2_000;

interface PlatformLog {
  readonly logger: ReturnType<typeof createLogger>;
  /** Takes a line that is JSON already, from another process of the platform. */
  write(line: string): void;
  close(): Promise<void>;
}

/** The log of a platform that runs in this process: on stderr, and in its home unless that is turned off. */
export function openPlatformLog(config: Config): PlatformLog {
  const { home, log } = config;
  const file = log.file ? new LogFile({ directory: logFolder(home), onChange: tellOfLogFile }) : undefined;
  const destination = openLog({ format: log.format, file, secrets: secretsOf(config) });
  return {
    logger: createLogger({ level: log.level }, destination),
    write: (line) => destination.write(`${line}\n`),
    close: async () => file?.close(CLOSE_DEADLINE_MS),
  };
}

/** The log of a worker: its lines go to the process that started it, which writes them where its own go. */
export function openWorkerLog(config: Config): PlatformLog["logger"] {
  return createLogger({ level: config.log.level, format: "json", secrets: secretsOf(config) }).child({ worker: process.pid });
}

function tellOfLogFile(change: Parameters<ConstructorParameters<typeof LogFile>[0]["onChange"]>[0]): void {
  if (change.works) {
    remark(`The log file is written again; it lacks ${change.lostLines} lines.`);
    return;
  }
  const reason = change.error instanceof Error ? change.error.message : String(change.error);
  remark(`The log file cannot be written: ${reason}. The platform goes on, with its log on stderr alone.`);
}

/** Values that must never reach a log, and the passwords in them. */
function secretsOf({ settings, tracing }: Config): string[] {
  const secrets = SETTING_PATHS.filter((path) => "secret" in SETTINGS[path] && SETTINGS[path].secret === true)
    .map((path) => settings.values[path])
    .filter((value) => typeof value === "string");
  return [...secrets.flatMap((secret) => [secret, ...passwordIn(secret)]), ...Object.values(tracing?.headers ?? {})];
}

/** As it stands in the URL, and as it is. */
function passwordIn(secret: string): string[] {
  const password = URL.canParse(secret) ? new URL(secret).password : "";
  if (password === "") return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    // A lone percent sign stands for itself.
    return [password];
  }
}
