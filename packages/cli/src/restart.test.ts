import { expect, it } from "vitest";
import { failed } from "./testing/fake-platform.ts";
import { homeWithPlatform } from "./testing/home-with-platform.ts";
import { runHere } from "./testing/run-cli.ts";

it("bonfire restart says how many workers are replaced", async () => {
  const { home } = await homeWithPlatform({ "POST /admin/v1/restart": () => ({ json: { object: "restart", workers: 4 } }) });
  expect(await runHere(["restart"], { home })).toEqual({
    exitCode: 0,
    stdout: "4 workers are replaced, one after the other; requests that run end in the old ones.\n",
    stderr: "",
  });
});

it("bonfire restart tells why the platform does not", async () => {
  const { home } = await homeWithPlatform({
    "POST /admin/v1/restart": () => failed(409, "conflict", "This platform has no workers: start it with --workers."),
  });
  expect(await runHere(["restart"], { home })).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("--workers") });
});
