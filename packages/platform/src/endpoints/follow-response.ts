import { setTimeout as delay } from "node:timers/promises";
import { ApiError } from "@bonfire/protocol/errors";
import type { ResponseObject } from "@bonfire/protocol/responses";
import type { SseFrame } from "@bonfire/protocol/sse";
import { OutputFold, type UnnumberedEvent } from "../dialects/openai-responses/output-fold.ts";
import { lastEvent, ResponseFrames } from "../dialects/openai-responses/response-frames.ts";
import type { GenerateEvent } from "../engine/generation.ts";
import { asFailure } from "../responses/as-failure.ts";
import { isUnderWay } from "../responses/background-store.ts";
import { responseNotFound } from "../responses/not-found.ts";
import type { Scope } from "../responses/scope.ts";
import { ToldFailure } from "./endpoint.ts";
import type { ResponseParts } from "./response-parts.ts";

interface Followed {
  readonly scope: Scope;
  readonly response: ResponseObject;
  /** Sequence number of the last event that the client has; -1 where it has none. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/** How often a response is looked at that another gateway runs. */
const LOOK_MS = 1_000;

/** The stream of a background response, as often as it is asked for, from wherever: while it runs, and from what was kept of it. */
export async function* followResponse(parts: ResponseParts, followed: Followed): AsyncGenerator<SseFrame> {
  const { scope, response, after, signal } = followed;
  const frames = new ResponseFrames();
  // What was cancelled has kept nothing: whoever saw more of it gets its end all the same.
  const endingFrames = () => new ResponseFrames(Math.max(frames.nextNumber, after + 1));
  let wroteAny = false;
  try {
    for await (const event of eventsOf(parts, followed)) {
      const number = frames.nextNumber;
      const frame = frames.write(event);
      if (number <= after) continue;
      wroteAny = true;
      yield frame;
    }
    const ended = await findEnded(parts, scope, response.id, signal);
    yield endingFrames().write(lastEvent(ended));
  } catch (error) {
    if (!wroteAny || signal.aborted) throw error;
    const failure = asFailure(error);
    const { message, code, param } = failure;
    // The response itself may still come to its end: it is this stream of it that fails.
    yield endingFrames().write({ type: "error", code, message, param });
    throw new ToldFailure(failure);
  }
}

async function* eventsOf(parts: ResponseParts, followed: Followed): AsyncGenerator<UnnumberedEvent> {
  const { response } = followed;
  const queued: ResponseObject = {
    ...response,
    ...{ status: "queued", output: [], usage: null, error: null, incomplete_details: null, completed_at: null },
  };
  yield { type: "response.created", response: queued };
  yield { type: "response.queued", response: queued };
  const fold = new OutputFold(response.id);
  let hasBegun = false;
  for await (const event of generated(parts, followed)) {
    if (event.type === "start") continue;
    if (!hasBegun) yield { type: "response.in_progress", response: { ...queued, status: "in_progress" } };
    hasBegun = true;
    yield* fold.add(event);
  }
}

async function* generated(
  { runs, store, background }: ResponseParts,
  { scope, response, signal }: Followed,
): AsyncGenerator<GenerateEvent> {
  const here = runs.follow(response.id, signal);
  if (here !== undefined) {
    yield* here;
    return;
  }
  // Another gateway runs it, or it has ended.
  for (let now: ResponseObject | undefined = response; now !== undefined && isUnderWay(now); now = await store.find(scope, response.id)) {
    await delay(LOOK_MS, undefined, { signal });
  }
  yield* await background.events(scope, response.id);
}

async function findEnded({ store }: ResponseParts, scope: Scope, id: string, signal: AbortSignal): Promise<ResponseObject> {
  signal.throwIfAborted();
  const ended = await store.find(scope, id);
  if (ended === undefined) throw responseNotFound(id);
  if (isUnderWay(ended)) throw new ApiError("shutting_down", "The server stops; this response is looked after when it is back.");
  return ended;
}
