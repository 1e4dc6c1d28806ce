import type { Logger } from "pino";
import type { Config } from "./config.ts";

export interface PlatformOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** One line for a person who waits for the start. */
  readonly onProgress: (line: string) => void;
  /** Gives up the start. */
  readonly signal: AbortSignal;
}
