import { ApiError } from "@bonfire/protocol/errors";
import type { ResponseObject } from "@bonfire/protocol/responses";
import type { SseFrame } from "@bonfire/protocol/sse";
import { OutputFold } from "../dialects/openai-responses/output-fold.ts";
import { lastEvent, ResponseFrames } from "../dialects/openai-responses/response-frames.ts";
import { endResponse, failResponse } from "../dialects/openai-responses/response-states.ts";
import type { GenerateEvent } from "../engine/generation.ts";
import { asFailure } from "../responses/as-failure.ts";
import { ToldFailure } from "./endpoint.ts";

interface RunningAnswer {
  /** In progress, without output. */
  readonly begun: ResponseObject;
  readonly events: AsyncIterable<GenerateEvent>;
  /** Stores it, where that was asked for; before the client hears of its end. */
  readonly keep: (ended: ResponseObject) => Promise<void>;
  readonly signal: AbortSignal;
}

/** The whole response, stored before it is returned. */
export async function answerWhole({ begun, events, keep, signal }: RunningAnswer): Promise<ResponseObject> {
  const fold = new OutputFold(begun.id);
  for await (const event of events) fold.add(event);
  signal.throwIfAborted();
  const ended = endResponse(begun, fold.outcome, unixSeconds());
  await keep(ended);
  return ended;
}

/**
 * The frames of a response. The first ones wait for the first content, so that they prove that the engine works. A failure after them is told by
 * `response.failed`, which is the last one then.
 */
export async function* answerFrames({ begun, events, keep, signal }: RunningAnswer): AsyncGenerator<SseFrame> {
  const fold = new OutputFold(begun.id);
  const frames = new ResponseFrames();
  let hasBegun = false;
  let ended: ResponseObject;
  try {
    for await (const event of events) {
      if (event.type === "start") continue;
      if (!hasBegun) {
        hasBegun = true;
        yield frames.write({ type: "response.created", response: begun });
        yield frames.write({ type: "response.in_progress", response: begun });
      }
      for (const told of fold.add(event)) yield frames.write(told);
    }
    signal.throwIfAborted();
    ended = endResponse(begun, fold.outcome, unixSeconds());
    await keep(ended);
  } catch (error) {
    // Of the two who end a request from outside, only the platform gives a failure as its reason: a client that hung up hears nothing.
    const clientIsGone = signal.aborted && !(signal.reason instanceof ApiError);
    if (!hasBegun || clientIsGone) throw error;
    const failure = asFailure(error);
    const failed = failResponse(begun, fold.outcome, failure);
    // The client knows its id already. Where even that cannot be stored, the failure that is told is the first one.
    await keep(failed).catch(() => undefined);
    yield frames.write(lastEvent(failed));
    throw new ToldFailure(failure);
  }
  yield frames.write(lastEvent(ended));
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
