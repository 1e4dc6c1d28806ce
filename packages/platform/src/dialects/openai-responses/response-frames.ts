import type { ResponseObject } from "@bonfire/protocol/responses";
import type { SseFrame } from "@bonfire/protocol/sse";
import type { UnnumberedEvent } from "./output-fold.ts";

/** Numbers the events of one stream and writes them down. */
export class ResponseFrames {
  #next: number;

  constructor(firstNumber = 0) {
    this.#next = firstNumber;
  }

  /** The number comes last: so every event, of which there is one for each token, is serialised without being copied. */
  write(event: UnnumberedEvent): SseFrame {
    const json = JSON.stringify(event);
    return { event: event.type, data: `${json.slice(0, -1)},"sequence_number":${this.#next++}}` };
  }

  /** The number that the next frame gets. */
  get nextNumber(): number {
    return this.#next;
  }
}

/** The event that ends the stream of a response. */
export function lastEvent(response: ResponseObject): UnnumberedEvent {
  switch (response.status) {
    case "completed":
      return { type: "response.completed", response };
    case "failed":
      return { type: "response.failed", response };
    default:
      // OpenAI has no event for a cancelled response: it ended before it was complete.
      return { type: "response.incomplete", response };
  }
}
