import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startEmbeddedPostgres } from "../../packages/platform/src/storage/embedded-postgres.ts";
import { startBonfire } from "../bonfire-process.ts";
import { BOOTSTRAP, expectToWork, printedKey, startAt, useOwnFolder } from "../lifecycle/own-platform.ts";

const { folder, home } = useOwnFolder();
const start = (env?: Record<string, string>, at = home()) => startAt(at, env);

describe("a start", () => {
  it("works on a DATABASE_URL instead of a database of its own, and finds its keys there again", async () => {
    const postgres = await startEmbeddedPostgres({ directory: join(folder(), "external"), log: () => undefined });
    try {
      const first = await start({ DATABASE_URL: postgres.databaseUrl });
      const key = printedKey(first) ?? "";
      await expectToWork(first, key);
      await first.stop();
      const second = await start({ DATABASE_URL: postgres.databaseUrl }, join(folder(), "second-home"));
      await expectToWork(second, key);
      await second.stop();
      expect(existsSync(join(home(), "postgres"))).toBe(false);
    } finally {
      await postgres.stop();
    }
  });
});

describe("kill -9", () => {
  it("of the platform and a start right after it work, also when the old database has not ended", async () => {
    const platform = await start();
    platform.kill("SIGKILL");
    await platform.exited;
    await expectToWork(await start());
  });

  it("during a start is no obstacle for the next one", async () => {
    for (const _ of ["first", "second", "third"]) {
      const starting = startBonfire(["up"], { home: home(), env: { BONFIRE_PORT: "0", ...BOOTSTRAP } });
      // The moment is the subject: anywhere between the first line of the program and its readiness.
      const moment = Math.random() * 1_500;
      await delay(moment);
      expect(starting.exitCode(), `exit code before the kill after ${moment} ms: ${starting.stderr()}`).toBeUndefined();
      starting.kill("SIGKILL");
      await starting.exited;
    }
    await expectToWork(await start());
  });
});
