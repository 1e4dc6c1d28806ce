import type { Config } from "@bonfire/platform/config";
import { LogFile } from "@bonfire/platform/observability/log-file";
import { createLogger } from "@bonfire/platform/observability/logger";
import { SETTING_PATHS, SETTINGS } from "@bonfire/platform/settings/settings";
import { logFolder } from "./log-folder.ts";
import { remark } from "./terminal-text.ts";

/** What the disk gets to take the last lines, milliseconds. */
const CLOSE_DEADLINE_MS = 2_000;

/** The log of a platform that runs in this process: on stderr, and in its home unless that is turned off. */
export function openPlatformLog(config: Config): { logger: ReturnType<typeof createLogger>; close(): Promise<void> } {
  const { home, log } = config;
  const file = log.file ? new LogFile({ directory: logFolder(home), onChange: tellOfLogFile }) : undefined;
  const logger = createLogger({ level: log.level, format: log.format, file, secrets: secretsOf(config) });
  return { logger, close: async () => file?.close(CLOSE_DEADLINE_MS) };
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
