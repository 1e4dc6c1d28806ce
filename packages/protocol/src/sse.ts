/** One server-sent event (WHATWG HTML, section 9.2). `data` holds no line break: JSON or `[DONE]`. */
export interface SseFrame {
  /** The event's type; OpenAI's chat and completions have none. */
  readonly event?: string;
  readonly data: string;
}

/** Frames that are there already can be taken without a wait for each. */
export interface SseFrameIterator extends AsyncIterator<SseFrame, undefined> {
  /** The next frame where it is there already; undefined where `next` has to be asked, also for failures and the end. Never throws. */
  ready?(): SseFrame | undefined;
}

/** The text of one frame; always written with one call, since some clients lose an event that is split over reads. */
export function encodeFrame({ event, data }: SseFrame): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}

/** A comment line: the only keep-alive that every OpenAI-family SDK ignores. */
export const KEEP_ALIVE_COMMENT = ": ka\n\n";

/** The closing frame of OpenAI's streams, to the letter. */
export const DONE_FRAME: SseFrame = { data: "[DONE]" };
