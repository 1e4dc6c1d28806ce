import type { Logger } from "pino";
import type { Config } from "./config.ts";

export interface PlatformOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** One line for a person who waits for the start. */
  readonly onProgress: (line: string) => void;
  /** Gives up the start. */
  readonly signal: AbortSignal;
  /** What workers run, where there are to be any. */
  readonly workerProgram?: WorkerProgram;
  /** Present in a worker. */
  readonly worker?: WorkerPlace;
}

/** A module that calls `startWorker`, and prints its log as lines of JSON on stderr. */
interface WorkerProgram {
  readonly path: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Takes a line of a worker's log, without its line end. */
  readonly onLogLine: (line: string) => void;
}

/** What a worker has of its platform. */
interface WorkerPlace {
  /** Tells this platform from others on the same database. */
  readonly platformId: string;
  /** Of its write-ahead file; it holds the lock. */
  readonly ledgerFolder: string;
}
