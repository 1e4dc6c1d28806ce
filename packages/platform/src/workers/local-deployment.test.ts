import { describe, expect, it } from "vitest";
import { ModelDirectory } from "../serving/model-directory.ts";
import { leaseOf, readyDeployment } from "../serving/testing/serve-client.ts";
import { describeLocal, type LocalDeployment, LocalFollower } from "./local-deployment.ts";

const nobody = leaseOf(() => undefined);

/** A worker's directory that follows, and what was asked of the other process. */
function follower() {
  const directory = new ModelDirectory();
  const served: string[] = [];
  const acquired: unknown[] = [];
  const models = new LocalFollower({
    directory,
    onServed: (id) => void served.push(id),
    acquire: async (id, isReady, signal) => {
      acquired.push([id, isReady]);
      return nobody(signal);
    },
  });
  return { directory, served, acquired, models };
}

/** As it arrives from the primary process. */
function told(given: Partial<LocalDeployment> = {}): LocalDeployment {
  const primary = new ModelDirectory();
  const deployment = readyDeployment(nobody, { name: "local/m", model: "m", contextLength: 100, maxConcurrent: 5 });
  primary.add({ id: "m", aliases: ["small"], deployment });
  primary.add({
    id: "far",
    aliases: [],
    deployment: readyDeployment(nobody, { name: "upstream/far", model: "far", usageSource: "provider" }),
  });
  const [only, ...others] = describeLocal(primary);
  if (only === undefined || others.length > 0) throw new Error("Not one local model is described.");
  return { ...only, ...given };
}

describe("a worker", () => {
  it("serves the engines of the primary process under their names and with their limits", () => {
    const { directory, models, served } = follower();
    models.follow([told()]);
    expect(directory.find("small")).toMatchObject({ id: "m", contextLength: 100 });
    expect(directory.deployment("local/m")).toMatchObject({ maxConcurrent: 5, usageSource: "engine", chat: true, engine: "test" });
    expect(served).toEqual(["m"]);
  });

  it("sees what becomes of them, and asks for a load only where that is needed", async () => {
    const { directory, models, acquired, served } = follower();
    for (const state of ["unloaded", "ready"] as const) {
      models.follow([told({ state, maxConcurrent: state === "ready" ? 3 : 5 })]);
      const deployment = directory.deployment("local/m");
      expect(deployment?.state()).toBe(state);
      await deployment?.acquire(new AbortController().signal).catch(() => undefined);
    }
    expect(directory.deployment("local/m")?.maxConcurrent).toBe(3);
    expect(acquired).toEqual([
      ["m", false],
      ["m", true],
    ]);
    expect(served).toEqual(["m"]);
  });

  it("forgets those that were removed", () => {
    const { directory, models } = follower();
    models.follow([told()]);
    models.follow([]);
    expect(directory.list()).toEqual([]);
  });
});
