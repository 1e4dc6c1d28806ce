import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import { until } from "../engine/testing/until.ts";
import { DeploymentBoard } from "../routing/deployment-board.ts";
import { beginHedged } from "./hedge.ts";
import { HedgeBudgets } from "./hedge-budgets.ts";
import { type ScriptedDeployment, START, type Step, scriptedDeployment, word } from "./testing/scripted-deployment.ts";
import { startAttempt } from "./testing/start-attempt.ts";

const GONE = new EngineError("interrupted", "gone");
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const SILENT: readonly Step[] = [START, "silence"];

interface Given {
  readonly afterMs?: number | "p95";
  /** The other one's; null: there is nobody else. */
  readonly other?: readonly Step[] | null;
  /** Whether earlier requests have saved a hedge up. */
  readonly hasBudget?: boolean;
}

/** A first attempt by this script, and a second one where it is made. */
function hedged(script: readonly Step[], { afterMs = 10, other = SILENT, hasBudget = true }: Given = {}) {
  const [first, second] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
  first.play(script);
  if (other !== null) second.play(other);
  const board = new DeploymentBoard();
  const hedgeBudgets = new HedgeBudgets();
  if (hasBudget) for (let request = 0; request < 10; request++) hedgeBudgets.of("r", 0.1).noteRequest();
  let asked = 0;
  const attempt = startAttempt(first, { board });
  const begun = beginHedged(attempt.attempt, { model: "r", hedge: { afterMs, share: 0.1 } }, { board, hedgeBudgets }, () => {
    asked++;
    return other === null ? undefined : startAttempt(second, { board, cause: "hedge" }).attempt;
  });
  const winner = begun.then((result) => result.attempt.deployment.name);
  const inFlight = ({ deployment: { name } }: ScriptedDeployment) => board.of(name).inFlight;
  return { winner, begun, first, second, board, inFlight, secondAsked: () => asked };
}

describe("a second attempt", () => {
  it("is not made where the first one is fast enough", async () => {
    const { winner, secondAsked } = hedged([START, word("fast")], { afterMs: 10_000 });
    expect(await winner).toBe("one/m");
    expect(secondAsked()).toBe(0);
  });

  it("is not made where the first one fails in time: that is for a retry", async () => {
    const { winner, secondAsked } = hedged([GONE], { afterMs: 10_000 });
    await expect(winner).rejects.toBe(GONE);
    expect(secondAsked()).toBe(0);
  });

  it("is not made before it is known how long first tokens take", async () => {
    const { winner, secondAsked } = hedged([START, after(30), word("late")], { afterMs: "p95" });
    expect(await winner).toBe("one/m");
    expect(secondAsked()).toBe(0);
  });

  it("is not made when the share of the route is spent", async () => {
    const { winner, secondAsked } = hedged([START, after(40), word("late")], { hasBudget: false });
    expect(await winner).toBe("one/m");
    expect(secondAsked()).toBe(0);
  });

  it("is done without where there is nobody else", async () => {
    const { winner, secondAsked } = hedged([START, after(40), word("late")], { other: null });
    expect(await winner).toBe("one/m");
    expect(secondAsked()).toBe(1);
  });

  it("that is faster is the answer; the first one is stopped, gives its place back and is not blamed", async () => {
    const { winner, first, board, inFlight } = hedged(SILENT, { other: [START, word("fast")] });
    expect(await winner).toBe("two/m");
    await until(() => inFlight(first) === 0);
    expect(first.stopped).toMatchObject([{ name: "HedgeLost", code: "hedge_lost" }]);
    expect(board.of("one/m").summary(Date.now()).lastFailure).toBeUndefined();
  });

  it("that is slower is stopped, and gives its place back", async () => {
    const { winner, second, inFlight } = hedged([START, after(40), word("late")]);
    expect(await winner).toBe("one/m");
    await until(() => inFlight(second) === 0);
    expect(second.stopped).toMatchObject([{ code: "hedge_lost" }]);
  });

  it("goes on where the first one fails beside it", async () => {
    const { winner } = hedged([START, after(30), GONE], { other: [START, after(60), word("still here")] });
    expect(await winner).toBe("two/m");
  });

  it("that fails leaves the first one to go on", async () => {
    const { winner } = hedged([START, after(60), word("still here")], { other: [new EngineError("overloaded", "full")] });
    expect(await winner).toBe("one/m");
  });

  it("that fails as well leaves the first one's failure, and no place taken", async () => {
    const { winner, first, second, inFlight } = hedged([START, after(40), GONE], { other: [new EngineError("overloaded", "full")] });
    await expect(winner).rejects.toBe(GONE);
    expect([inFlight(first), inFlight(second)]).toEqual([0, 0]);
  });
});
