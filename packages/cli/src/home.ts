import { devNull } from "node:os";
import { ConfigError, loadConfig } from "@bonfire/platform/config";
import { CliError, EXIT } from "./exit.ts";

/**
 * The folder of the instance that commands speak of. Only where it is matters here: a settings file that cannot be used must not stand in
 * the way of looking at what runs, or at why it does not.
 */
export function homeFolder(): string {
  return loadConfig({ BONFIRE_HOME: process.env.BONFIRE_HOME, BONFIRE_CONFIG: devNull }).home;
}

/** Every setting, for commands that act by them. @throws CliError */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ReturnType<typeof loadConfig> {
  try {
    return loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, EXIT.usage, error);
    throw error;
  }
}
