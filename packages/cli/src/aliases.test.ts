import { describe, expect, it, onTestFinished } from "vitest";
import { failed, startFakePlatform } from "./testing/fake-platform.ts";
import { runHere } from "./testing/run-cli.ts";
import { NOW } from "./testing/samples.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const ALIAS = { name: "openai/gpt-oss-20b", object: "model_alias", model: "Qwen/Qwen3-8B", served: true, created_at: NOW };
const GONE = { ...ALIAS, name: "gpt-4o", model: "Qwen/Qwen9", served: false };

async function platform(routes: Parameters<typeof startFakePlatform>[1]) {
  const home = temporaryHome();
  const fake = await startFakePlatform(home, routes);
  onTestFinished(fake.stop);
  return { home, calls: fake.calls };
}

describe("bonfire aliases", () => {
  it("list shows what each stands for, and whether that is served", async () => {
    const { home } = await platform({ "GET /admin/v1/aliases": () => ({ json: { object: "list", data: [GONE, ALIAS] } }) });
    expect((await runHere(["aliases", "list"], { home })).stdout).toBe(
      `ALIAS               MODEL          STATE
gpt-4o              Qwen/Qwen9     not served
openai/gpt-oss-20b  Qwen/Qwen3-8B  served
`,
    );
    expect(JSON.parse((await runHere(["aliases", "list", "--json"], { home })).stdout)).toEqual([GONE, ALIAS]);
  });

  it("list says how to make one where there are none", async () => {
    const { home } = await platform({ "GET /admin/v1/aliases": () => ({ json: { object: "list", data: [] } }) });
    expect((await runHere(["aliases", "list"], { home })).stdout).toContain("aliases set NAME MODEL");
  });

  it("set names both, also where the name holds slashes", async () => {
    const { home, calls } = await platform({ "PUT /admin/v1/aliases/openai%2Fgpt-oss-20b": () => ({ json: ALIAS }) });
    const outcome = await runHere(["aliases", "set", "openai/gpt-oss-20b", "qwen3:8b"], { home });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: "openai/gpt-oss-20b stands for Qwen/Qwen3-8B.\n", stderr: "" });
    expect(calls.map(({ body }) => body)).toEqual([{ model: "qwen3:8b" }]);
  });

  it("set says where the model is not there yet", async () => {
    const { home } = await platform({ "PUT /admin/v1/aliases/gpt-4o": () => ({ json: GONE }) });
    expect(await runHere(["aliases", "set", "gpt-4o", "Qwen/Qwen9"], { home })).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining("No such model is served now"),
    });
  });

  it("rm says what is gone, and fails with the platform's words where there is none", async () => {
    const { home } = await platform({
      "DELETE /admin/v1/aliases/gpt-4o": () => ({ json: { name: "gpt-4o", object: "model_alias", deleted: true } }),
      "DELETE /admin/v1/aliases/gpt-5": () => failed(404, "alias_not_found", "There is no alias 'gpt-5'."),
    });
    expect((await runHere(["aliases", "rm", "gpt-4o"], { home })).stdout).toBe("gpt-4o is removed; its model stays.\n");
    expect(await runHere(["aliases", "rm", "gpt-5"], { home })).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("'gpt-5'") });
  });
});
