import { z } from "zod";

/** What a client has seen of one answer. */
export interface SeenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Arguments of its tool calls, in the order of the calls. */
  readonly toolArguments: readonly string[];
  readonly finishReason: string | undefined;
  readonly error: z.infer<typeof failure> | undefined;
  /** Whether a stream said that it is complete. */
  readonly isDone: boolean;
  /** Undefined where the answer has none. */
  readonly usage: unknown;
}

interface Question {
  readonly baseUrl: string;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

const failure = z.object({ message: z.string(), type: z.string(), code: z.string().nullable(), param: z.string().nullable() });
const errorAnswer = z.object({ error: failure });
const calls = z.array(z.object({ index: z.number().default(0), function: z.object({ arguments: z.string().default("") }) }));
const said = { content: z.string().nullish(), tool_calls: calls.nullish() };
const choice = z.object({
  delta: z.object(said).optional(),
  message: z.object(said).optional(),
  finish_reason: z.string().nullish(),
});
const answer = z.object({ choices: z.array(choice), usage: z.unknown().optional() });

/** Asks for a chat completion and reads all of the answer, as a stream where the body says so. */
export async function ask({ baseUrl, key, body, signal }: Question): Promise<SeenAnswer> {
  const response = await fetch(new URL("/v1/chat/completions", baseUrl), {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: "Say hello." }], ...body }),
    signal: signal ?? null,
  });
  const text = await response.text();
  const data = (response.headers.get("content-type") ?? "").startsWith("text/event-stream") ? eventData(text) : [text];
  return { ...readData(data), status: response.status, headers: response.headers };
}

/** The data of each event of a stream. */
export function eventData(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => line.slice("data: ".length));
}

function readData(data: readonly string[]): Omit<SeenAnswer, "status" | "headers"> {
  let text = "";
  let finishReason: string | undefined;
  let error: SeenAnswer["error"];
  let usage: unknown;
  const toolArguments: string[] = [];
  for (const json of data.filter((one) => one !== "[DONE]").map((one): unknown => JSON.parse(one))) {
    const failed = errorAnswer.safeParse(json);
    if (failed.success) {
      error = failed.data.error;
      continue;
    }
    const chunk = answer.parse(json);
    usage = chunk.usage ?? usage;
    for (const { delta, message, finish_reason } of chunk.choices) {
      const { content, tool_calls } = delta ?? message ?? {};
      text += content ?? "";
      for (const [at, call] of (tool_calls ?? []).entries()) {
        const place = delta === undefined ? at : call.index;
        toolArguments[place] = (toolArguments[place] ?? "") + call.function.arguments;
      }
      finishReason = finish_reason ?? finishReason;
    }
  }
  return { text, toolArguments, finishReason, error, usage, isDone: data.at(-1) === "[DONE]" };
}
