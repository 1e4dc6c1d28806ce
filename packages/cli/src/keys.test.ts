import { describe, expect, it, onTestFinished } from "vitest";
import { startFakePlatform } from "./testing/fake-platform.ts";
import { runHere } from "./testing/run-cli.ts";
import { NOW } from "./testing/samples.ts";
import { temporaryHome } from "./testing/temporary-home.ts";

const KEY = {
  id: "key_1",
  object: "api_key",
  name: "app",
  role: "inference",
  dialect: null,
  prefix: "bf-abcdef",
  created_at: NOW,
  revoked_at: null,
};
const MIGRATED = { ...KEY, id: "key_2", name: "migrated", dialect: "together" };

async function platform(routes: Parameters<typeof startFakePlatform>[1]) {
  const home = temporaryHome();
  const fake = await startFakePlatform(home, routes);
  onTestFinished(fake.stop);
  return { home, calls: fake.calls };
}

describe("bonfire keys", () => {
  it("create asks for a key of the dialect that is named, or of none", async () => {
    const { home, calls } = await platform({ "POST /admin/v1/keys": () => ({ status: 201, json: { ...MIGRATED, key: "bf-secret" } }) });
    expect(await runHere(["keys", "create", "migrated", "--dialect", "together"], { home })).toMatchObject({ stdout: "bf-secret\n" });
    await runHere(["keys", "create", "app"], { home });
    expect(calls.map(({ body }) => body)).toEqual([
      { name: "migrated", role: "inference", dialect: "together" },
      { name: "app", role: "inference" },
    ]);
  });

  it("list shows whose API each key's client was written for", async () => {
    const list = { object: "list", data: [KEY, MIGRATED], has_more: false, last_id: "key_2" };
    const { home } = await platform({ "GET /admin/v1/keys?limit=100": () => ({ json: list }) });
    const { stdout } = await runHere(["keys", "list"], { home });
    expect(stdout).toMatch(/^key_1 +bf-abcdef… +inference +any .* app$/m);
    expect(stdout).toMatch(/^key_2 +bf-abcdef… +inference +together .* migrated$/m);
  });
});
