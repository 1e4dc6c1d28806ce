import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { openSealedHomes, type SealedHome, type SealedHomes } from "../secrets/sealed-home.ts";

const secretOf = (name: string) => `${name}-root-secret-0123456789-abcdefghij`;

let homes: SealedHomes;
beforeAll(async () => {
  homes = await openSealedHomes();
});
afterAll(() => homes.close());

let sealed: SealedHome;
beforeEach(async () => {
  sealed = await homes.add();
});
afterEach(() => sealed.close());

describe("a root secret in the environment", () => {
  it("takes over from the one in the home, and is changed by way of BONFIRE_PREVIOUS_SECRETS", async () => {
    const { start, bonfire, expectKeyIsSent } = sealed;
    const atHome = await start();
    await sealed.addUpstreams();
    await atHome.stop();

    const given = await start({ BONFIRE_SECRET: secretOf("first") });
    await expectKeyIsSent(given);
    expect((await bonfire(["secrets", "rotate"])).stdout).toContain("under the secret in BONFIRE_SECRET");
    await given.stop();
    // Nothing depends on the file any more.
    rmSync(join(sealed.home, "secret"));

    const both = await start({ BONFIRE_SECRET: secretOf("second"), BONFIRE_PREVIOUS_SECRETS: secretOf("first") });
    await expectKeyIsSent(both);
    expect((await bonfire(["secrets", "rotate"])).stdout).toMatch(/^1 of 1 /);
    await both.stop();
    await expectKeyIsSent(await start({ BONFIRE_SECRET: secretOf("second") }));
  });

  it("that is another one keeps from nothing but the keys, and the way back is told", async () => {
    const { start, ask, replica } = sealed;
    const first = await start({ BONFIRE_SECRET: secretOf("first") });
    await sealed.addUpstreams();
    await first.stop();

    const wrong = await start({ BONFIRE_SECRET: secretOf("another") });
    expect(await ask(wrong, "open")).toMatchObject({ status: 200 });
    const calls = replica.calls.length;
    expect(await ask(wrong, "sealed")).toMatchObject({ status: 502 });
    // Not even without the key.
    expect(replica.calls.length).toBe(calls);
    await until(() => wrong.stderr().includes("BONFIRE_PREVIOUS_SECRETS"));
    const { exitCode, stderr } = await sealed.bonfire(["secrets", "rotate"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("BONFIRE_PREVIOUS_SECRETS");
    // A key that is given anew is sealed under the secret of now.
    await sealed.addUpstreams();
    await sealed.expectKeyIsSent(wrong);
  });

  it("is refused where it is weak, before anything starts", async () => {
    await expect(sealed.start({ BONFIRE_SECRET: "changeme" })).rejects.toThrow(/BONFIRE_SECRET/);
  });
});
