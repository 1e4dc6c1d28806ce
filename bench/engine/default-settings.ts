import type { EngineLaunch } from "./bare-server.ts";

/** What a server needs to serve the same load at all; with the number of arguments after each. Everything else stays as its makers set it. */
const KEPT_FLAGS: Readonly<Record<string, number>> = {
  "--model": 1,
  "--alias": 1,
  "--host": 1,
  "--parallel": 1,
  "--ctx-size": 1,
  "--no-kv-unified": 0,
};

/** How OpenMP's threads wait. */
const TUNED_VARIABLE = /^(GOMP|OMP|KMP)_/;

/** The same program, model, slots and context, and otherwise the server's own default settings. */
export function withDefaultSettings({ pid, command, env }: EngineLaunch): EngineLaunch {
  const firstFlag = command.findIndex((part) => part.startsWith("--"));
  const kept: string[] = [];
  for (let at = firstFlag; at < command.length; at++) {
    const values = KEPT_FLAGS[command[at] ?? ""];
    if (values === undefined) continue;
    kept.push(...command.slice(at, at + values + 1));
    at += values;
  }
  return {
    pid,
    command: [...command.slice(0, firstFlag), ...kept],
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !TUNED_VARIABLE.test(name))),
  };
}
