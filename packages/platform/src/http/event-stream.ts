import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { encodeFrame, KEEP_ALIVE_COMMENT, type SseFrame, type SseFrameIterator } from "@bonfire/protocol/sse";

interface EventStreamOptions {
  /** Asked for just before the first byte. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** How long the line may be silent before a comment keeps it alive, milliseconds. */
  readonly keepAliveMs: number;
  /** Called just before the first byte. */
  readonly onBegin: () => void;
  /** What goes out when the frames fail after the first byte; undefined where they have said it themselves. */
  readonly describeFailure: (error: unknown) => SseFrame | undefined;
  /** Ends the wait for a client that no longer reads. */
  readonly signal: AbortSignal;
}

const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // Proxies such as nginx would hold the stream back otherwise.
  "x-accel-buffering": "no",
};

/** Beyond this, frames that are there already have a write of their own. */
const MOST_CHARACTERS_TOGETHER = 16 * 1024;

/** Adds the frames that have come together with the first one: a write costs more than making what it writes. */
function takeReady(first: string, iterator: SseFrameIterator): string {
  let text = first;
  while (text.length < MOST_CHARACTERS_TOGETHER) {
    const frame = iterator.ready?.();
    if (frame === undefined) break;
    text += encodeFrame(frame);
  }
  return text;
}

/**
 * Writes frames as server-sent events, none split over two writes, no faster than the client reads. Status 200 goes out together with the first
 * frame, or with the first keep-alive when that is due earlier.
 * @throws what the frames threw before anything went out: the answer can then still have a status of its own.
 */
export async function writeEventStream(
  response: ServerResponse,
  frames: AsyncIterable<SseFrame>,
  options: EventStreamOptions,
): Promise<void> {
  const iterator: SseFrameIterator = frames[Symbol.asyncIterator]();
  const begin = () => {
    if (response.headersSent) return;
    options.onBegin();
    response.writeHead(200, { ...STREAM_HEADERS, ...options.headers() });
  };
  const keepAlive = setInterval(() => {
    begin();
    response.write(KEEP_ALIVE_COMMENT);
  }, options.keepAliveMs);

  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      begin();
      keepAlive.refresh();
      if (!response.write(takeReady(encodeFrame(next.value), iterator))) await once(response, "drain", { signal: options.signal });
    }
  } catch (error) {
    if (!response.headersSent || response.destroyed) throw error;
    const frame = options.describeFailure(error);
    if (frame !== undefined) response.write(encodeFrame(frame));
  } finally {
    clearInterval(keepAlive);
    await iterator.return?.();
  }
  response.end();
}
