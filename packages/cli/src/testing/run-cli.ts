import { vi } from "vitest";
import { runCli } from "../main.ts";

interface Environment {
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command line in this process, as a program whose output leads to files. */
export async function runHere(args: readonly string[], { home, env = {} }: Environment) {
  let [stdout, stderr] = ["", ""];
  vi.stubEnv("BONFIRE_HOME", home);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    const exitCode = await runCli(args);
    return { exitCode, stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
    vi.unstubAllEnvs();
  }
}
