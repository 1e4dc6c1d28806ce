import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { ResourceChange } from "@bonfire/protocol/apply";
import { describe, expect, it, vi } from "vitest";
import { until } from "../../../platform/src/engine/testing/until.ts";
import { plain } from "../terminal-text.ts";
import { failed } from "../testing/fake-platform.ts";
import { homeWithPlatform } from "../testing/home-with-platform.ts";
import { runHere } from "../testing/run-cli.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { applyFiles } from "./apply.ts";
import { changeLines } from "./change-lines.ts";

const ADDED: ResourceChange = {
  kind: "route",
  name: "llama",
  action: "create",
  fields: [
    { path: "model", before: null, after: "llama" },
    { path: "policy", before: null, after: "cheapest" },
    { path: "affinity", before: null, after: "session" },
    { path: "timeouts", before: null, after: {} },
    { path: "groups", before: null, after: [{ deployments: [{ deployment: "local/llama", weight: 1 }] }] },
    { path: "hedge", before: null, after: null },
  ],
};
const CHANGED: ResourceChange = {
  kind: "upstream",
  name: "together",
  action: "update",
  fields: [
    { path: "max_concurrent", before: null, after: 8 },
    { path: "keys.default", before: "…abcd", after: "…wxyz" },
  ],
};
const REMOVED: ResourceChange = { kind: "alias", name: "gpt-4o", action: "delete", fields: [{ path: "model", before: "m", after: null }] };
const SAME: ResourceChange = { kind: "alias", name: "b", action: "unchanged", fields: [] };

/** A platform that answers with these changes, and a file to apply. */
async function platform(changes: readonly ResourceChange[], warnings: readonly string[] = []) {
  const { home, calls } = await homeWithPlatform({
    "POST /admin/v1/apply": ({ body }) => {
      const dry = typeof body === "object" && body !== null && "dry_run" in body && body.dry_run === true;
      const applied = !dry && changes.some(({ action }) => action !== "unchanged");
      return { json: { object: "apply_result", applied, changes, warnings } };
    },
  });
  const file = join(home, "team.yaml");
  writeFileSync(file, "aliases:\n  - {name: gpt-4o, model: m}\n");
  return { home, calls, file };
}

describe("bonfire apply", () => {
  it("shows what changes field by field, without defaults, and counts it", async () => {
    const { home, calls, file } = await platform([ADDED, CHANGED, SAME], ["There is no deployment 'local/llama' now."]);
    expect(await runHere(["apply", "-f", file], { home })).toEqual({
      exitCode: 0,
      stdout: `+ route llama
   policy  cheapest
   groups  [{"deployments":[{"deployment":"local/llama","weight":1}]}]
~ upstream together
   max_concurrent  none → 8
   keys.default    …abcd → …wxyz
1 added, 1 changed; 1 as before.
`,
      stderr: "Warning: There is no deployment 'local/llama' now.\n",
    });
    expect(calls.map(({ body }) => body)).toEqual([
      { resources: { aliases: [{ name: "gpt-4o", model: "m" }] }, dry_run: false, prune: false },
    ]);
  });

  it("says that nothing changes where all is so already", async () => {
    const { home, file } = await platform([SAME]);
    expect(await runHere(["apply", "-f", file], { home })).toMatchObject({
      exitCode: 0,
      stdout: "Nothing changes: all is as the file says; 1 as before.\n",
    });
  });

  it("--dry-run changes nothing and says so", async () => {
    const { home, calls, file } = await platform([ADDED, REMOVED]);
    const { exitCode, stdout } = await runHere(["apply", "-f", file, "--dry-run", "--prune"], { home });
    expect({ exitCode, last: stdout.split("\n").at(-2) }).toEqual({ exitCode: 0, last: "1 to add, 1 to remove. Nothing was changed." });
    expect(calls.map(({ body }) => body)).toMatchObject([{ dry_run: true, prune: true }]);
  });

  it("--json prints the platform's answer alone", async () => {
    const { home, file } = await platform([ADDED]);
    expect(JSON.parse((await runHere(["apply", "-f", file, "--json"], { home })).stdout)).toMatchObject({
      applied: true,
      changes: [ADDED],
    });
  });

  it("puts several files together; a kind that none has is left alone", async () => {
    const { home, calls, file } = await platform([SAME]);
    const second = join(home, "more.json");
    writeFileSync(second, JSON.stringify({ aliases: [{ name: "c", model: "n" }], upstreams: [] }));
    await runHere(["apply", "-f", file, "-f", second], { home });
    expect(calls[0]?.body).toMatchObject({
      resources: {
        upstreams: [],
        aliases: [
          { name: "gpt-4o", model: "m" },
          { name: "c", model: "n" },
        ],
      },
    });
    expect(calls[0]?.body).not.toHaveProperty("resources.routes");
  });

  it("sends keys out of its own environment, and shows none", async () => {
    const { home, calls } = await platform([CHANGED]);
    const file = join(home, "keys.yaml");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
    writeFileSync(file, "upstreams: [{name: together, profile: together, keys: [{value: '${TOGETHER_API_KEY}'}]}]\n");
    const { stdout, stderr } = await runHere(["apply", "-f", file], { home, env: { TOGETHER_API_KEY: "canary-secret" } });
    expect(calls[0]?.body).toMatchObject({ resources: { upstreams: [{ keys: [{ name: "default", value: "canary-secret" }] }] } });
    expect(stdout + stderr).not.toContain("canary");
  });

  it("sends nothing while a file has faults, or says the same thing twice", async () => {
    const { home, calls, file } = await platform([]);
    const second = join(home, "more.yaml");
    writeFileSync(second, "aliases:\n\n  - {name: gpt-4o, model: other}\n");
    expect(await runHere(["apply", "-f", file, "-f", second], { home })).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `Nothing is applied:\n  ${second}:3: alias gpt-4o stands at ${file}:2 already\n`,
    });
    writeFileSync(second, "routs: []\n");
    expect(await runHere(["apply", "-f", second], { home })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`${second}:1: routs: there is no such field; did you mean routes?`),
    });
    expect(calls).toEqual([]);
  });

  it.each([
    ["of a file that is not there", ["apply", "-f", "/nowhere.yaml"], "/nowhere.yaml cannot be read"],
    ["without a file", ["apply"], "--file"],
  ])("is wrong usage %s", async (_, args, text) => {
    expect(await runHere(args, { home: temporaryHome() })).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text) });
  });

  it("tells what the platform refuses", async () => {
    const { home } = await homeWithPlatform({ "POST /admin/v1/apply": () => failed(400, "invalid_value", "The name 'x' is taken.") });
    const file = join(home, "team.yaml");
    writeFileSync(file, "aliases: []\n");
    expect(await runHere(["apply", "-f", file], { home })).toEqual({ exitCode: 1, stdout: "", stderr: "The name 'x' is taken.\n" });
  });

  it("removes without a question where nobody sits at a terminal", async () => {
    const { home, calls, file } = await platform([REMOVED]);
    expect(await runHere(["apply", "-f", file, "--prune"], { home })).toMatchObject({
      exitCode: 0,
      stdout: "- alias gpt-4o\n1 removed.\n",
    });
    expect(calls).toHaveLength(1);
  });
});

describe("bonfire apply --prune at a terminal", () => {
  /** Runs it with a person who answers. */
  async function atTerminal(changes: readonly ResourceChange[], answer: string, options: { readonly yes?: boolean } = {}) {
    const { home, calls, file } = await platform(changes);
    vi.stubEnv("BONFIRE_HOME", home);
    let said = "";
    const output = new PassThrough().setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const [out, err] = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockReturnValue(true));
    const applied = applyFiles({ file: [file], prune: true, ...options }, { input, output }).then(
      () => "done",
      (error: unknown) => error,
    );
    try {
      if (answer === "Ctrl-D") {
        await until(() => said !== "");
        input.end();
      } else input.write(`${answer}\n`);
      const outcome = await applied;
      return { outcome, said, dryRuns: calls.map(({ body }) => body).map((body) => JSON.stringify(body).includes('"dry_run":true')) };
    } finally {
      out?.mockRestore();
      err?.mockRestore();
      vi.unstubAllEnvs();
    }
  }

  it("asks before it removes", async () => {
    expect(await atTerminal([ADDED, REMOVED], "y")).toEqual({ outcome: "done", said: "Remove one? [y/N] ", dryRuns: [true, false] });
  });

  it.each(["n", "", "yikes"])("changes nothing after the answer %j", async (answer) => {
    const { outcome, dryRuns } = await atTerminal([REMOVED, { ...REMOVED, name: "c" }], answer);
    expect(outcome).toMatchObject({ exitCode: 1, message: "Nothing was changed." });
    expect(dryRuns).toEqual([true]);
  });

  it("changes nothing when the person leaves", async () => {
    expect(await atTerminal([REMOVED], "Ctrl-D")).toMatchObject({ outcome: { exitCode: 130 }, dryRuns: [true] });
  });

  it("does not ask where nothing is removed, nor with --yes", async () => {
    expect(await atTerminal([ADDED], "")).toEqual({ outcome: "done", said: "", dryRuns: [true, false] });
    expect(await atTerminal([REMOVED], "", { yes: true })).toEqual({ outcome: "done", said: "", dryRuns: [false] });
  });
});

it("changes are coloured by what happens, and steer no terminal", () => {
  const marked = changeLines([{ ...REMOVED, name: "a\u001B[2Jb" }, SAME], (format, text) => `<${format}>${text}`);
  expect(marked).toEqual(["<red>- alias a[2Jb"]);
  const update: ResourceChange = {
    kind: "alias",
    name: "a",
    action: "update",
    fields: [{ path: "model", before: "x\ny", after: "\u0007z" }],
  };
  expect(changeLines([update], plain)).toEqual(["~ alias a", "   model  x y → z"]);
});
