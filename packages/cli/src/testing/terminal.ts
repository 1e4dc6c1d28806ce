import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { onTestFinished } from "vitest";

const PSEUDO_TERMINAL = fileURLToPath(new URL("pseudo-terminal.py", import.meta.url));
export const BONFIRE_BIN = fileURLToPath(new URL("../../bin/bonfire.js", import.meta.url));

/** Keys as a terminal sends them. */
export const KEY = { enter: "\r", ctrlC: "\u0003", ctrlD: "\u0004" } as const;

interface Terminal {
  /** All that was shown so far, without colours and cursor movements. */
  readonly text: () => string;
  readonly raw: () => string;
  type(keys: string): void;
  readonly exited: Promise<number>;
}

/** Runs the built `bonfire` in a terminal of its own, as a person does. */
export function bonfireInTerminal(args: readonly string[], env: Readonly<Record<string, string>>): Terminal {
  let raw = "";
  const child = spawn("python3", [PSEUDO_TERMINAL, process.execPath, BONFIRE_BIN, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm", ...env },
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    raw += text;
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return {
    text: () => stripVTControlCharacters(raw),
    raw: () => raw,
    type: (keys) => child.stdin.write(keys),
    exited: once(child, "close").then(([code]: unknown[]) => (typeof code === "number" ? code : -1)),
  };
}
