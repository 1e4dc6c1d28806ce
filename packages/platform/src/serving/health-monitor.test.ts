import { afterEach, describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import { until } from "../engine/testing/until.ts";
import type { Deployment, HealthCheck } from "../routing/deployment.ts";
import { DeploymentBoard } from "../routing/deployment-board.ts";
import { HealthMonitor } from "./health-monitor.ts";
import { readyDeployment } from "./testing/serve-client.ts";

const LOOK_MS = 5;
const UNREACHABLE = new EngineError("unreachable", "Nobody listens.");

const monitors: HealthMonitor[] = [];
afterEach(() => {
  for (const monitor of monitors.splice(0)) monitor.stop();
});

function watch(deployments: () => readonly Deployment[]) {
  const board = new DeploymentBoard();
  const looks = { count: 0 };
  const monitor = new HealthMonitor({ deployments, board, onLook: () => void looks.count++, lookMs: LOOK_MS });
  monitors.push(monitor);
  monitor.start();
  return { board, looks, monitor, breakerOf: (name: string) => board.find(name)?.summary(Date.now()).breaker };
}

/** A question that is answered by `answer`. */
function checked(everyMs = 1) {
  const asked = { count: 0 };
  const script = { answer: async (_: AbortSignal): Promise<void> => undefined };
  const check: HealthCheck = {
    everyMs,
    ask: (signal) => {
      asked.count++;
      return script.answer(signal);
    },
  };
  return { check, asked, script };
}

const deploymentOf = (name: string, check?: HealthCheck) =>
  readyDeployment(() => Promise.reject(new Error("Nobody asks for it.")), { name, ...(check === undefined ? {} : { check }) });

function fail(board: DeploymentBoard, name: string, error: EngineError): void {
  for (let attempt = 0; attempt < 5; attempt++) {
    const place = board.of(name).begin(Date.now());
    place.failed(error, Date.now());
    place.release(Date.now());
  }
}

describe("deployments that are watched", () => {
  it("are asked by one question where they share it, and left alone where something else watches them", async () => {
    const { check, asked } = checked();
    const deployments = [deploymentOf("up/a", check), deploymentOf("up/b", check), deploymentOf("local/c")];
    const { looks } = watch(() => deployments);
    await until(() => asked.count >= 3);
    // One at each look but the first, at which they are new.
    expect(asked.count).toBeLessThan(looks.count + 1);
  });

  it("are asked no more often than they want", async () => {
    const { check, asked } = checked(60_000);
    const { looks } = watch(() => [deploymentOf("up/a", check)]);
    await until(() => looks.count >= 5);
    expect(asked.count).toBe(0);
  });

  it("are left alone by requests when the question fails again and again, and tried by the next one when it is answered", async () => {
    const { check, script } = checked();
    script.answer = () => Promise.reject(UNREACHABLE);
    const deployments = [deploymentOf("up/a", check), deploymentOf("up/b", check)];
    const { breakerOf, board } = watch(() => deployments);
    await until(() => breakerOf("up/a") === "open" && breakerOf("up/b") === "open");
    expect(board.of("up/a").allow(Date.now())).toMatchObject({ retryAtMs: expect.any(Number) });
    script.answer = async () => undefined;
    await until(() => breakerOf("up/a") === "half_open");
    expect(board.of("up/a").allow(Date.now())).toBe("probe");
  });

  it("that failed at work are not taken for well because they answer the question", async () => {
    const { check, asked } = checked();
    const { board, breakerOf } = watch(() => [deploymentOf("up/a", check)]);
    fail(board, "up/a", new EngineError("bad-response", "Nonsense."));
    await until(() => asked.count >= 2);
    expect(breakerOf("up/a")).toBe("open");
  });

  it("are forgotten when they are gone", async () => {
    const { check, asked } = checked();
    let deployments = [deploymentOf("up/a", check)];
    const { board, looks } = watch(() => deployments);
    fail(board, "up/a", UNREACHABLE);
    await until(() => asked.count >= 1);
    deployments = [];
    await until(() => board.find("up/a") === undefined);
    const { count } = asked;
    const seen = looks.count;
    await until(() => looks.count > seen + 3);
    expect(asked.count).toBe(count);
  });

  it("are asked nothing more once the monitor has stopped; a question without an answer is given up and tells against nobody", async () => {
    const { check, script } = checked();
    let reason: unknown;
    script.answer = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          reject(new EngineError("interrupted", "Given up."));
        });
      });
    const { monitor, board, looks } = watch(() => [deploymentOf("up/a", check)]);
    await until(() => looks.count >= 3);
    monitor.stop();
    const { count } = looks;
    await until(() => reason !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 5 * LOOK_MS));
    expect(looks.count).toBe(count);
    expect(board.find("up/a")?.summary(Date.now()).lastFailure).toBeUndefined();
  });
});
