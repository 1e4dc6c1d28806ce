import { expect, it } from "vitest";
import { homeWithPlatform } from "./testing/home-with-platform.ts";
import { runHere } from "./testing/run-cli.ts";

it.each([
  [{ root: "file", sealed: 3, resealed: 2 }, "2 of 3 keys of upstreams are sealed anew, under a new secret in the home.\n"],
  [{ root: "environment", sealed: 3, resealed: 0 }, "All keys of upstreams (3) are sealed under the secret in BONFIRE_SECRET already.\n"],
])("bonfire secrets rotate says how many keys are sealed anew: %j", async (answer, text) => {
  const { home, calls } = await homeWithPlatform({
    "POST /admin/v1/secrets/rotate": () => ({ json: { object: "secret_rotation", ...answer } }),
  });
  expect(await runHere(["secrets", "rotate"], { home })).toEqual({ exitCode: 0, stdout: text, stderr: "" });
  expect(calls.map(({ body }) => body)).toEqual([{}]);
  expect(JSON.parse((await runHere(["secrets", "rotate", "--json"], { home })).stdout)).toMatchObject(answer);
});
