import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import type { Deployment } from "../routing/deployment.ts";
import { DeploymentBoard } from "../routing/deployment-board.ts";
import { PrefixIndex } from "../routing/prefix-index.ts";
import { implicitRoute } from "./implicit-route.ts";
import { TargetChooser } from "./target-chooser.ts";
import { PLAIN_REQUEST, readyDeployment } from "./testing/serve-client.ts";

const NOW = 1_000_000;

interface Given {
  /** Places that this gateway may use at each. */
  readonly places?: Readonly<Record<string, number>>;
  readonly draining?: readonly string[];
}

function setUp(names: readonly string[], { places = {}, draining = [] }: Given = {}) {
  const board = new DeploymentBoard();
  const deployments: readonly Deployment[] = names.map((name) =>
    readyDeployment(() => Promise.reject(new Error("Nobody asks for it.")), { name }),
  );
  const chooser = new TargetChooser({
    ...{ board, prefixes: new PrefixIndex(), random: () => 0 },
    placesAt: ({ name }) => places[name] ?? Number.POSITIVE_INFINITY,
    isDraining: (name) => draining.includes(name),
  });
  const targets = deployments.map((deployment) => ({ deployment, weight: 1 }));
  const route = implicitRoute("m", deployments);
  const choose = (now = NOW) => {
    const choice = chooser.choose(route, targets, PLAIN_REQUEST, now);
    return choice.type === "target" ? choice.target.deployment.name : choice;
  };
  const fail = (name: string, now: number) => {
    for (let attempt = 0; attempt < 5; attempt++) {
      const place = board.of(name).begin(now);
      place.failed(new EngineError("unreachable", "gone"), now);
      place.release(now);
    }
  };
  return { board, choose, fail };
}

describe("of the deployments of a group is chosen", () => {
  it("one that works, has a place free and is not drained", () => {
    const { board, choose, fail } = setUp(["broken", "drained", "full", "free"], { places: { full: 1 }, draining: ["drained"] });
    fail("broken", NOW);
    board.of("full").begin(NOW);
    expect(choose()).toBe("free");
  });

  it("nobody while those that work are full: a place is worth waiting for, though another one will be tried again", () => {
    const { board, choose, fail } = setUp(["broken", "full"], { places: { full: 1 } });
    fail("broken", NOW);
    const place = board.of("full").begin(NOW);
    expect(choose()).toEqual({ type: "busy" });
    place.release(NOW);
    expect(choose()).toBe("full");
  });

  it("nobody while none works; it is told when the first of them is tried again", () => {
    const { choose, fail } = setUp(["later", "sooner"]);
    fail("sooner", NOW);
    fail("later", NOW + 1_000);
    const choice = choose(NOW + 1_000);
    expect(choice).toEqual({ type: "none", retryAtMs: NOW + 5_000 });
    expect(choose(NOW + 5_000)).toBe("sooner");
  });

  it("nobody where all are drained, and it is not known until when", () => {
    expect(setUp(["drained"], { draining: ["drained"] }).choose()).toEqual({ type: "none", retryAtMs: Number.POSITIVE_INFINITY });
  });

  it("nobody where this gateway may use none of its places now", () => {
    expect(setUp(["shared"], { places: { shared: 0 } }).choose()).toEqual({ type: "busy" });
  });
});
