import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import { DeploymentBoard } from "./deployment-board.ts";
import { type BreakerChange, DeploymentHealth, type Place } from "./deployment-health.ts";

const START = 1_000_000;
const refused = () => new EngineError("unreachable", "connect ECONNREFUSED");

function fail(health: DeploymentHealth, times: number, error: unknown = refused()): void {
  for (let attempt = 0; attempt < times; attempt++) {
    const place = health.begin(START);
    place.failed(error, START);
    place.release(START);
  }
}

function openHealth(onBreaker?: (change: BreakerChange) => void): DeploymentHealth {
  const health = new DeploymentHealth("up/m", onBreaker);
  fail(health, 5);
  return health;
}

it("a deployment tells how many it had at once since it was asked last, those that are still there included", () => {
  const health = new DeploymentHealth("up/m");
  const [one, other] = [health.begin(START), health.begin(START)];
  other.release(START);
  expect([health.takePeak(), health.takePeak()]).toEqual([2, 1]);
  one.release(START);
  expect([health.takePeak(), health.takePeak()]).toEqual([1, 0]);
});

describe("a place at a deployment", () => {
  it("is counted until it is released, once", () => {
    const health = new DeploymentHealth("up/m");
    const [one, other] = [health.begin(START), health.begin(START)];
    expect(health.inFlight).toBe(2);
    one.release(START);
    one.release(START);
    expect(health.inFlight).toBe(1);
    other.release(START);
    expect(health.inFlight).toBe(0);
  });

  it("tells how long the first content took, from when the request went out", () => {
    const health = new DeploymentHealth("up/m");
    const place = health.begin(START);
    place.dispatched(START + 60_000);
    place.answered(START + 60_120);
    place.answered(START + 60_999);
    expect(health.firstTokenMs(START + 60_120)).toBe(120);
  });

  it("that failed fast does not make the deployment look fast", () => {
    const health = new DeploymentHealth("up/m");
    const place = health.begin(START);
    place.failed(refused(), START + 3);
    expect(health.firstTokenMs(START + 3)).toBe(1_000);
  });

  it("that failed after long counts as long", () => {
    const health = new DeploymentHealth("up/m");
    health.begin(START).failed(new EngineError("timeout", "silent"), START + 30_000);
    expect(health.firstTokenMs(START + 30_000)).toBe(30_000);
  });

  it.each([
    ["that was given up after long, as when a hedge wins, tells that it takes longer still", 100, 8_000, 8_000],
    ["that was given up after long by the first request tells so too", undefined, 8_000, 8_000],
    ["that was given up soon tells nothing", 100, 20, 100],
    ["that was given up soon by the first request tells nothing", undefined, 20, undefined],
  ])("%s", (_, knownMs, waitedMs, expected) => {
    const health = new DeploymentHealth("up/m");
    if (knownMs !== undefined) health.begin(START - knownMs).answered(START);
    const place = health.begin(START);
    place.dispatched(START);
    place.release(START + waitedMs);
    const firstTokenMs = health.firstTokenMs(START + waitedMs);
    if (expected === undefined) expect(firstTokenMs).toBeUndefined();
    else expect(firstTokenMs).toBeCloseTo(expected, -1);
  });

  it("that was given up while the model was loading tells nothing", () => {
    const health = new DeploymentHealth("up/m");
    health.begin(START).release(START + 60_000);
    expect(health.firstTokenMs(START + 60_000)).toBeUndefined();
  });

  it("that failed behind its first content counts against the deployment, and not as a success", () => {
    const health = new DeploymentHealth("up/m");
    for (let attempt = 0; attempt < 5; attempt++) {
      const place = health.begin(START);
      place.answered(START + 10);
      place.failed(new EngineError("interrupted", "gone"), START + 20);
      place.release(START + 20);
    }
    expect(health.summary(START + 20)).toMatchObject({ breaker: "open", firstTokenMs: expect.closeTo(10, 0) });
  });
});

describe("nothing counts against a deployment", () => {
  it.each<[string, unknown]>([
    ["of a request that is at fault itself", new EngineError("invalid-request", "top_k")],
    ["of what it does not do", new EngineError("unsupported", "logprobs")],
    ["of a prompt that is too long", new EngineError("context-overflow", "too long")],
    ["of a prompt against a policy", new EngineError("content-policy", "no")],
    ["of keys that are limited while others are left", new EngineError("rate-limited", "slow down", { hasOtherCredentials: true })],
    ["of a client that hung up", new DOMException("aborted", "AbortError")],
  ])("%s", (_, error) => {
    const health = new DeploymentHealth("up/m");
    fail(health, 30, error);
    expect(health.allow(START)).toBe("yes");
    expect(health.summary(START)).toMatchObject({ breaker: "closed", lastFailure: undefined, firstTokenMs: undefined });
  });
});

it("a limited deployment is left alone for as long as it says, with its breaker closed", () => {
  const health = new DeploymentHealth("up/m");
  fail(health, 1, new EngineError("rate-limited", "slow down", { retryAfterMs: 2_500 }));
  expect(health.summary(START)).toMatchObject({ breaker: "closed", retryAtMs: START + 2_500 });
  expect(health.allow(START + 2_500)).toBe("yes");
});

describe("a deployment that fails", () => {
  const half = START + 5_000;
  const probeOf = (health: DeploymentHealth): Place => {
    const place = health.begin(half);
    expect(place.isProbe).toBe(true);
    return place;
  };

  it("is not asked, though it is the only one, and says when it will be", () => {
    expect(openHealth().allow(START + 1)).toEqual({ retryAtMs: half });
  });

  it("is asked by one request when its time has come", () => {
    const health = openHealth();
    expect(health.allow(half)).toBe("probe");
    probeOf(health);
    expect(typeof health.allow(half)).toBe("object");
  });

  it("is there for all as soon as the probe has its first content", () => {
    const health = openHealth();
    probeOf(health).answered(half + 10);
    expect(health.allow(half + 10)).toBe("yes");
  });

  it("is left alone for longer when the probe fails", () => {
    const health = openHealth();
    const probe = probeOf(health);
    probe.failed(refused(), half + 10);
    probe.release(half + 10);
    expect(health.allow(half + 11)).toEqual({ retryAtMs: half + 10 + 10_000 });
  });

  it.each<[string, (probe: Place) => void]>([
    ["cancelled", () => undefined],
    ["a mistake of its client's", (probe) => void probe.failed(new EngineError("invalid-request", "top_k"), half)],
  ])("is asked by the next request when the probe was %s", (_, end) => {
    const health = openHealth();
    const probe = probeOf(health);
    end(probe);
    probe.release(half + 10);
    expect(health.allow(half + 10)).toBe("probe");
  });

  it("is not called well by older requests that end well", () => {
    const health = new DeploymentHealth("up/m");
    const old = health.begin(START);
    fail(health, 5);
    old.answered(START + 10);
    old.release(START + 20);
    expect(health.allow(START + 20)).toEqual({ retryAtMs: half });
  });

  it("is asked at once when it can be reached again", () => {
    const health = openHealth();
    health.checkSucceeded(START + 100);
    expect(health.allow(START + 100)).toBe("probe");
  });

  it("is not asked sooner for being reached when it was not that which failed", () => {
    const health = new DeploymentHealth("up/m");
    fail(health, 5, new EngineError("bad-response", "nonsense"));
    health.checkSucceeded(START + 100);
    expect(health.allow(START + 100)).toEqual({ retryAtMs: half });
  });

  it("is found by checks alone as well", () => {
    const health = new DeploymentHealth("up/m");
    for (let check = 0; check < 5; check++) health.checkFailed(refused(), START);
    expect(health.summary(START)).toMatchObject({ breaker: "open", lastFailure: { message: "connect ECONNREFUSED", atMs: START } });
  });

  it("is told of, each time that its breaker changes", () => {
    const changes: BreakerChange[] = [];
    const health = openHealth((change) => changes.push(change));
    probeOf(health).answered(half + 10);
    expect(changes).toMatchObject([
      { deployment: "up/m", phase: "open", retryAtMs: half, lastFailure: { message: "connect ECONNREFUSED" }, isHint: false },
      { phase: "half_open" },
      { phase: "closed", retryAtMs: undefined },
    ]);
  });
});

describe("a hint of another gateway", () => {
  const hint = { retryAtMs: START + 3_000, message: "connect ECONNREFUSED", retryClass: "connect" as const };

  it("keeps requests away until then", () => {
    const changes: BreakerChange[] = [];
    const health = new DeploymentHealth("up/m", (change) => changes.push(change));
    health.hint(hint, START);
    expect(health.allow(START + 1)).toEqual({ retryAtMs: START + 3_000 });
    expect(health.allow(START + 3_000)).toBe("probe");
    expect(changes).toMatchObject([{ phase: "open", isHint: true }]);
  });

  it("that comes late is not heeded", () => {
    const health = new DeploymentHealth("up/m");
    health.hint(hint, START + 3_000);
    expect(health.allow(START + 3_000)).toBe("yes");
  });
});

describe("the board", () => {
  it("has one health for each name", () => {
    const board = new DeploymentBoard();
    expect(board.of("a")).toBe(board.of("a"));
    expect(board.find("b")).toBeUndefined();
    expect(board.snapshot(START).map(({ name }) => name)).toEqual(["a"]);
  });

  it("forgets names that vanish, once nothing runs there", () => {
    const board = new DeploymentBoard();
    board.of("stays");
    board.of("idle");
    const place = board.of("busy").begin(START);
    board.retain(new Set(["stays"]));
    expect(board.snapshot(START).map(({ name }) => name)).toEqual(["stays", "busy"]);
    place.release(START);
    board.retain(new Set(["stays"]));
    expect(board.snapshot(START).map(({ name }) => name)).toEqual(["stays"]);
  });
});
