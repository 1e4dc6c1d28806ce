import type { GenerateEvent } from "../engine/generation.ts";
import type { StoredAnswer } from "./stored-answer.ts";

/** The events of a stored answer once more, as from an engine: its text in few pieces, its usage as it was. @throws the signal's reason. */
export async function* replayAnswer({ events }: StoredAnswer, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
  for (const event of events) {
    signal.throwIfAborted();
    yield event;
  }
}
