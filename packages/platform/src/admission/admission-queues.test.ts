import { ApiError } from "@bonfire/protocol/errors";
import { describe, expect, it } from "vitest";
import type { AdmissionRequest } from "./admission-request.ts";
import { type Entered, Places, queuesOn, settled } from "./testing/places.ts";

const places = (free: number) => new Places({ here: free });

/** How a waiting request was refused. */
async function refusal(entered: Entered): Promise<ApiError> {
  const outcome = await settled(entered.outcome);
  if (!("error" in outcome) || !(outcome.error instanceof ApiError)) throw new Error(`It was not refused: ${JSON.stringify(outcome)}`);
  return outcome.error;
}

function refusedAtOnce(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("It was let in.");
}

describe("an admission queue", () => {
  it("lets a request in at once, without a promise, where a place is free and nobody waits", () => {
    const { queues } = queuesOn(places(1));
    const signal = new AbortController().signal;
    expect(queues.enter({ queue: "m", tier: "default", fairKey: "k", signal, tryStart: () => "place" })).toEqual({
      place: "place",
      queuedMs: 0,
    });
    expect(queues.waiting()).toBe(0);
  });

  it("lets one that waited in when a place comes free, and tells how long it waited", async () => {
    const { enter, free, clock } = queuesOn(places(0));
    const waiting = enter("a");
    clock.advance(250);
    free("here");
    expect(await settled(waiting.outcome)).toEqual({ value: { place: "here", queuedMs: 250 } });
  });

  it("serves more urgent tiers first", () => {
    const { enter, free, started } = queuesOn(places(0));
    enter("batch", { tier: "batch" });
    enter("flex", { tier: "flex" });
    enter("default");
    enter("priority", { tier: "priority" });
    for (let i = 0; i < 4; i++) free("here");
    expect(started).toEqual(["priority", "default", "flex", "batch"]);
  });

  it("serves more urgent tiers first across queues that wait for the same place", () => {
    const { enter, free, started } = queuesOn(places(0));
    enter("batch", { tier: "batch", queue: "one" });
    enter("default", { queue: "other" });
    free("here");
    expect(started).toEqual(["default"]);
  });

  it("lets queues that wait for the same place take turns", () => {
    const { enter, free, started } = queuesOn(places(0));
    for (const name of ["a1", "a2", "a3"]) enter(name, { queue: "a" });
    for (const name of ["b1", "b2", "b3"]) enter(name, { queue: "b" });
    for (let i = 0; i < 4; i++) free("here");
    expect(started).toEqual(["a1", "b1", "a2", "b2"]);
  });

  it("lets keys take turns, by weight", () => {
    const { enter, free, started } = queuesOn(places(0));
    for (let i = 0; i < 8; i++) enter("light", { fairKey: "light" });
    for (let i = 0; i < 8; i++) enter("heavy", { fairKey: "heavy", weight: 3 });
    for (let i = 0; i < 8; i++) free("here");
    expect(started.filter((name) => name === "heavy")).toHaveLength(6);
  });

  it("passes one over whose place is not free, which keeps its turn", () => {
    const { enter, free, started } = queuesOn(new Places({ here: 0, there: 0 }));
    enter("for there", { place: "there" });
    enter("for here", { fairKey: "second" });
    enter("for there as well", { place: "there", fairKey: "third" });
    free("here");
    expect(started).toEqual(["for here"]);
    free("there");
    expect(started).toEqual(["for here", "for there"]);
  });

  it("lets a newcomer past those that wait for another place, and past nobody else", () => {
    const { enter, started } = queuesOn(new Places({ here: 1, there: 0 }));
    enter("for there", { place: "there" });
    enter("for here");
    enter("too late");
    expect(started).toEqual(["for here"]);
  });

  it("tries one request of each kind, however many wait", () => {
    const { enter, queues } = queuesOn(places(0));
    let tries = 0;
    for (let i = 0; i < 20; i++)
      enter(`request ${i}`, {
        kind: "alike",
        tryStart: () => {
          tries++;
          return undefined;
        },
      });
    tries = 0;
    queues.placeFreed();
    expect(tries).toBe(1);
  });

  it("finds the one that can start behind any number that cannot", () => {
    const { enter, free, started } = queuesOn(new Places({ here: 0, there: 0 }));
    for (let i = 0; i < 20; i++) enter(`for there ${i}`, { place: "there", fairKey: `key ${i % 3}` });
    enter("for here");
    enter("for here too");
    free("here");
    expect(started).toEqual(["for here"]);
  });

  it("fails a request whose try fails, at once or later, and goes on with the next", async () => {
    const broken = new Error("no deployment is left");
    const { enter, free, started, queues } = queuesOn(places(0));
    const fails = () => {
      throw broken;
    };
    expect(() => enter("at once", { queue: "other", tryStart: fails })).toThrow(broken);
    let isBroken = false;
    const later = enter("later", { tryStart: () => (isBroken ? fails() : undefined) });
    enter("next");
    isBroken = true;
    free("here");
    expect(await settled(later.outcome)).toEqual({ error: broken });
    expect(started).toEqual(["next"]);
    expect(queues.waiting()).toBe(0);
  });

  it("can be told of a freed place by a try itself", () => {
    const { enter, free, queues, started } = queuesOn(places(0));
    enter("restless", {
      tryStart: () => {
        queues.placeFreed();
        return undefined;
      },
    });
    enter("quiet");
    free("here");
    expect(started).toEqual(["quiet"]);
  });

  it("is left at once by the signal, with its reason", async () => {
    const { enter, free, started, queues, clock } = queuesOn(places(0));
    const gone = enter("gone");
    const reason = new Error("the client hung up");
    gone.cancel.abort(reason);
    expect(await settled(gone.outcome)).toEqual({ error: reason });
    expect(queues.waiting()).toBe(0);
    enter("stays");
    free("here");
    clock.advance(60_000);
    expect(started).toEqual(["stays"]);
  });

  it("lets nobody in whose signal has aborted already", () => {
    const { queues } = queuesOn(places(1));
    const reason = new Error("the client hung up");
    const request: AdmissionRequest<string> = {
      queue: "m",
      tier: "default",
      fairKey: "k",
      signal: AbortSignal.abort(reason),
      tryStart: () => "place",
    };
    expect(() => queues.enter(request)).toThrow(reason);
  });

  it("refuses with 503 whoever waits past the deadline", async () => {
    const { enter, clock, queues } = queuesOn(places(0), { deadlineMs: 5_000 });
    const waiting = enter("a");
    clock.advance(5_000);
    expect(await refusal(waiting)).toMatchObject({ code: "overloaded", message: "No place for m came free within 5 s." });
    expect(queues.waiting()).toBe(0);
  });

  it("refuses with 503 when it is full", () => {
    const { enter } = queuesOn(places(0), { mostWaiting: 4 });
    for (const fairKey of ["a", "b", "c", "d"]) enter(fairKey, { fairKey });
    expect(refusedAtOnce(() => enter("e", { fairKey: "e" }))).toMatchObject({
      code: "overloaded",
      message: "m has 4 requests waiting already.",
    });
    enter("another queue", { queue: "other" });
  });

  it("refuses with 503 when all queues together are full, however many there are", () => {
    const { enter } = queuesOn(places(0), { mostWaitingAltogether: 3 });
    for (const queue of ["a", "b", "c"]) enter(queue, { queue });
    expect(refusedAtOnce(() => enter("d", { queue: "d" }))).toMatchObject({ code: "overloaded" });
  });

  it("gives the place of the last and least urgent to a more urgent one when it is full", async () => {
    const { enter, free, started } = queuesOn(places(0), { mostWaiting: 4 });
    enter("first batch", { tier: "batch", fairKey: "a" });
    const last = enter("last batch", { tier: "batch", fairKey: "b" });
    enter("flex", { tier: "flex", fairKey: "c" });
    enter("default", { fairKey: "d" });
    enter("urgent", { tier: "priority", fairKey: "e" });
    expect(await refusal(last)).toMatchObject({ code: "overloaded" });
    for (let i = 0; i < 4; i++) free("here");
    expect(started).toEqual(["urgent", "default", "flex", "first batch"]);
  });

  it("refuses with 429 a key that has half of its places already", () => {
    const { enter } = queuesOn(places(0), { mostWaiting: 4 });
    enter("first");
    enter("second");
    expect(refusedAtOnce(() => enter("third"))).toMatchObject({
      code: "rate_limit_exceeded",
      message: "Your key has 2 requests waiting for m already.",
    });
    enter("another key", { fairKey: "other" });
  });

  it("estimates when to come back by the places that came free", () => {
    const { enter, free, clock } = queuesOn(places(0), { mostWaiting: 6 });
    for (let i = 0; i < 20; i++) {
      enter(`served ${i}`);
      enter(`served then ${i}`);
      clock.advance(3_000);
      free("here");
      clock.advance(3_000);
      free("here");
    }
    for (const fairKey of ["a", "b"]) for (let i = 0; i < 3; i++) enter(fairKey, { fairKey });
    expect(refusedAtOnce(() => enter("c", { fairKey: "c" })).headers).toMatchObject({ "retry-after": "21" });
    expect(refusedAtOnce(() => enter("a", { fairKey: "a" })).headers).toMatchObject({ "retry-after": "6" });
  });

  it("sends everybody away when it is closed", async () => {
    const { enter, queues } = queuesOn(places(0));
    const waiting = [enter("a"), enter("b", { queue: "other" })];
    const closing = new ApiError("shutting_down", "The platform is stopping.");
    queues.failAll(closing);
    expect(await Promise.all(waiting.map(({ outcome }) => settled(outcome)))).toEqual([{ error: closing }, { error: closing }]);
    expect(queues.waiting()).toBe(0);
  });

  it("counts who waits, by queue and tier, and forgets queues that are empty", () => {
    const { enter, free, queues } = queuesOn(places(0));
    enter("a");
    enter("b", { tier: "batch" });
    expect(queues.counts()).toEqual([
      { queue: "m", tier: "default", waiting: 1 },
      { queue: "m", tier: "batch", waiting: 1 },
    ]);
    free("here");
    free("here");
    expect(queues.counts()).toEqual([]);
  });
});
