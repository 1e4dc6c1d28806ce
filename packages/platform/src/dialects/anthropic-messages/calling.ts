import { EngineError } from "../../engine/engine-error.ts";
import type { GenerateEvent } from "../../engine/generation.ts";
import { readErrorInStream } from "../openai-errors/calling.ts";
import { MessageDecoder } from "./calling-decoder.ts";

/** Whether nothing follows the data of an event: there is no `[DONE]`. */
export function isLastMessageEvent(data: string): boolean {
  return MESSAGE_STOP.test(data);
}

const MESSAGE_STOP = /^\s*\{\s*"type"\s*:\s*"message_stop"/;

interface MessageReading {
  /** Fields of the request that were not sent, in OpenAI's spelling. */
  readonly ignored?: readonly string[];
}

/**
 * Decodes the `data` of the events of a streamed message, or a whole message where a server gave that. Blocks and deltas of kinds that nobody
 * asked for are passed over. @throws EngineError
 */
export async function* readMessagesStream(
  data: AsyncIterable<readonly string[]>,
  { ignored = [] }: MessageReading = {},
): AsyncGenerator<GenerateEvent, void, void> {
  const decoder = new MessageDecoder(ignored);
  for await (const batch of data) {
    const events: GenerateEvent[] = [];
    const failure = decode(decoder, batch, events);
    // What came before a failure is handed out before it.
    yield* events;
    if (failure !== undefined) throw failure.error;
    if (decoder.isOver) return;
  }
  const events: GenerateEvent[] = [];
  decoder.end(events);
  yield* events;
}

function decode(decoder: MessageDecoder, batch: readonly string[], events: GenerateEvent[]): { readonly error: unknown } | undefined {
  try {
    for (const text of batch) if (text !== "" && !decoder.isOver) decodeOne(decoder, text, events);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function decodeOne(decoder: MessageDecoder, text: string, events: GenerateEvent[]): void {
  const json = readChecked(() => JSON.parse(text), text);
  const failure = readErrorInStream(json);
  if (failure !== undefined) throw failure;
  readChecked(() => decoder.read(json, events), text);
}

function readChecked<Value>(read: () => Value, text: string): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError("bad-response", "The engine sent an event that cannot be read.", { upstreamBody: text.slice(0, 500), cause });
  }
}
