import type { Dialect } from "@bonfire/protocol/dialect";

interface Hints {
  /** What the path says, where it says anything. */
  readonly path: Dialect | undefined;
  /** The setting of the caller's key. */
  readonly key: Dialect | undefined;
  readonly userAgent: string | undefined;
}

/** How the vendors' own clients begin their User-Agent (`Together/v1 PythonBindings/1.5`, `AsyncFireworks/Python 1.2`). */
const USER_AGENTS: readonly (readonly [RegExp, Dialect])[] = [
  [/^(?:Async)?Together\//i, "together"],
  [/^(?:Async)?Fireworks\//i, "fireworks"],
];

/** Whose API the client was written for: the path says it best, then its key, then the name of its client. */
export function chooseDialect({ path, key, userAgent = "" }: Hints): Dialect {
  return path ?? key ?? USER_AGENTS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "openai";
}
