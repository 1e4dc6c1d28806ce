import { EXIT } from "./exit.ts";

/** `bonfire logs | head` ends quietly when `head` has what it wants. */
export function endAtBrokenPipe(): void {
  if (process.stdout.listenerCount("error", end) === 0) process.stdout.on("error", end);
}

/** For what goes on when nobody reads any more: the platform itself. */
export function outliveBrokenPipes(): void {
  process.stdout.off("error", end);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignore);
}

function end(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.ok);
}

function ignore(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
