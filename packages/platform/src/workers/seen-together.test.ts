import { describe, expect, it } from "vitest";
import { DeploymentBoard } from "../routing/deployment-board.ts";
import type { DeploymentSeen } from "./messages.ts";
import { seenTogether } from "./seen-together.ts";

const CALM: DeploymentSeen = { name: "a/m", inFlight: 0, breaker: "closed" };

describe("a deployment that several processes use", () => {
  it("has the requests of all, and is as bad as the worst of them finds it", () => {
    const failure = { message: "no answer", atMs: 5 };
    const seen = [
      [{ ...CALM, inFlight: 2, firstTokenMs: 10 }],
      [{ ...CALM, inFlight: 1, breaker: "open" as const, retryAtMs: 900, lastFailure: failure, firstTokenMs: 30 }],
    ];
    const own = new DeploymentBoard();
    own.of("a/m");
    expect(
      seenTogether(own, () => seen)
        .find("a/m")
        ?.summary(1),
    ).toMatchObject({
      ...{ inFlight: 3, breaker: "open", retryAtMs: 900, lastFailure: failure, firstTokenMs: 20 },
    });
  });

  it("is unknown where none of them has used it", () => {
    expect(seenTogether(new DeploymentBoard(), () => [[CALM]]).find("b/m")).toBeUndefined();
  });
});
