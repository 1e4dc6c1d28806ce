import { execFileSync } from "node:child_process";
import { accessSync, constants, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { runHere } from "../testing/run-cli.ts";
import { temporaryHome } from "../testing/temporary-home.ts";

async function scriptFor(shell: string): Promise<string> {
  const home = temporaryHome();
  const { stdout } = await runHere(["completion", shell], { home });
  const file = join(home, `bonfire.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

/** What bash would offer for the last word. */
async function offersOf(words: readonly string[]): Promise<string[]> {
  const script = await scriptFor("bash");
  const lines = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); $(complete -p bonfire | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["--norc", "-c", lines, "bash", script, ...words], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean);
}

/** The shells of this machine beside bash, which every machine has that runs these tests. */
function shellsHere(): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return ["zsh", "fish"].filter((shell) => folders.some((folder) => isExecutable(join(folder, shell))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

describe("completion in bash", () => {
  it.each([
    [["bonfire", "m"], ["models"]],
    [
      ["bonfire", "models", "l"],
      ["list", "load"],
    ],
    [
      ["bonfire", "keys", ""],
      ["create", "list", "revoke"],
    ],
    [["bonfire", "keys", "create", "--r"], ["--role"]],
    [
      ["bonfire", "keys", "create", "app", "--role", ""],
      ["inference", "admin"],
    ],
    [
      ["bonfire", "keys", "create", "app", "--dialect", ""],
      ["openai", "together", "fireworks"],
    ],
    [
      ["bonfire", "aliases", ""],
      ["list", "set", "rm"],
    ],
    [
      ["bonfire", "routes", "set", "m", "--affinity", ""],
      ["none", "session", "prefix"],
    ],
    [["bonfire", "upstreams", "re"], ["refresh"]],
    [
      ["bonfire", "deployments", ""],
      ["list", "drain", "resume"],
    ],
    [["bonfire", "keys", "create", "--role", "admin", "--j"], ["--json"]],
    [["bonfire", "keys", "create", "--url", ""], []],
    [["bonfire", "completion", "z"], ["zsh"]],
    [["bonfire", "config", "set", "server.p"], ["server.port"]],
    [["bonfire", "config", "set", "server.port", ""], []],
    [
      ["bonfire", "config", "unset", "log."],
      ["log.level", "log.format", "log.file"],
    ],
    [["bonfire", "logs", "--level", "e"], ["error"]],
    [
      ["bonfire", "logs", "-"],
      ["-f", "--follow", "-n", "--lines", "--level", "--json", "-h", "--help"],
    ],
    [
      ["bonfire", "nonsense", ""],
      [
        ...["up", "status", "restart", "doctor", "models", "aliases", "apply", "upstreams", "routes", "deployments", "keys", "secrets"],
        ...["chat", "logs", "config", "completion"],
      ],
    ],
  ])("%j offers %j", async (words, offers) => {
    expect(await offersOf(words)).toEqual(offers);
  });

  it("offers files where a file is meant", async () => {
    const file = await scriptFor("bash");
    for (const words of [
      ["up", "--config"],
      ["apply", "-f"],
      ["apply", "-f", "first.yaml", "--file"],
    ]) {
      expect(await offersOf(["bonfire", ...words, file.slice(0, -2)])).toEqual([file]);
    }
  });
});

it("completion in zsh and fish is for programs, with what each command does", async () => {
  const home = temporaryHome();
  expect((await runHere(["completion", "zsh"], { home })).stdout).toMatch(
    /^#compdef bonfire\n[\s\S]*'models:Fetch, list, load and remove models\.'/,
  );
  expect((await runHere(["completion", "fish"], { home })).stdout).toContain("-l role -x -a 'inference admin'");
});

it("the scripts are good for the shells that are here", async () => {
  for (const shell of ["bash", ...shellsHere()]) {
    execFileSync(shell, ["-n", await scriptFor(shell)], { stdio: "pipe" });
  }
});
