/** One server-sent event (WHATWG HTML, section 9.2). `data` holds no line break: JSON or `[DONE]`. */
export interface SseFrame {
  /** The event's type; OpenAI's chat and completions have none. */
  readonly event?: string;
  readonly data: string;
}

/** The text of one frame; always written with one call, since some clients lose an event that is split over reads. */
export function encodeFrame({ event, data }: SseFrame): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}

/** A comment line: the only keep-alive that every OpenAI-family SDK ignores. */
export const KEEP_ALIVE_COMMENT = ": ka\n\n";

/** The closing frame of OpenAI's streams, to the letter. */
export const DONE_FRAME: SseFrame = { data: "[DONE]" };
