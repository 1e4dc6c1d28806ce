import type { GenerateEvent } from "../engine/generation.ts";
import type { EndpointRequest } from "./endpoint.ts";

/** Passes events on and notes what the request's log line tells about them. */
export async function* recordGeneration(
  events: AsyncIterable<GenerateEvent>,
  { facts, arrivedAt }: EndpointRequest,
): AsyncGenerator<GenerateEvent> {
  for await (const event of events) {
    if (event.type === "choice-end") facts.finishReason = event.reason;
    else if (event.type === "end") {
      if (event.usage.promptTokens !== undefined) facts.promptTokens = event.usage.promptTokens;
      if (event.usage.completionTokens !== undefined) facts.completionTokens = event.usage.completionTokens;
    } else if (event.type !== "start") facts.firstTokenMs ??= Math.round(performance.now() - arrivedAt);
    yield event;
  }
}
