import { type Completion, type CompletionRequest, completionRequest } from "@bonfire/protocol/completions";
import { DONE_FRAME, type SseFrame } from "@bonfire/protocol/sse";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { Generation } from "../../engine/fold-generation.ts";
import type { GenerateEvent, GenerateRequest, Prompt } from "../../engine/generation.ts";
import type { AnswerHead } from "../answer-head.ts";
import { judgeFields } from "../field-table.ts";
import { type Delivery, readDelivery, readGenerationOptions } from "../generation-options.ts";
import { writeUsage } from "../usage.ts";
import { wellFormed } from "../well-formed.ts";
import { COMPLETION_FIELDS } from "./fields.ts";

/** OpenAI's default for text completions. */
const DEFAULT_MAX_TOKENS = 16;

export interface CompletionCall {
  readonly model: string;
  /** One for each prompt of the body, in order. */
  readonly requests: readonly GenerateRequest[];
  readonly delivery: Delivery;
  readonly ignored: readonly string[];
}

/** @throws ApiError that names the field at fault. */
export function readCompletionCall(input: unknown): CompletionCall {
  const body: CompletionRequest = parseRequest(completionRequest, input);
  const ignored = judgeFields(input, completionRequest.shape, COMPLETION_FIELDS);
  const options = readGenerationOptions(body, body.max_tokens ?? DEFAULT_MAX_TOKENS);
  return {
    model: body.model,
    requests: readPrompts(body.prompt).map((prompt) => ({ prompt, ...options })),
    delivery: readDelivery(body),
    ignored,
  };
}

function readPrompts(prompt: CompletionRequest["prompt"]): Prompt[] {
  if (typeof prompt === "string") return [{ kind: "text", text: wellFormed(prompt) }];
  const prompts: Prompt[] = [];
  const ids: number[] = [];
  for (const item of prompt) {
    if (typeof item === "number") ids.push(item);
    else prompts.push(typeof item === "string" ? { kind: "text", text: wellFormed(item) } : { kind: "tokens", tokens: item });
  }
  return ids.length > 0 ? [{ kind: "tokens", tokens: ids }] : prompts;
}

export function writeCompletion({ choices, usage }: Generation, head: AnswerHead): Completion {
  const counted = writeUsage(usage);
  return {
    id: head.id,
    object: "text_completion",
    created: head.created,
    model: head.model,
    choices: choices.map((choice, index) => ({ text: choice.text, index, logprobs: null, finish_reason: choice.finishReason })),
    ...(counted === undefined ? {} : { usage: counted }),
  };
}

/** The frames of a streamed answer, `[DONE]` included. */
export async function* writeCompletionFrames(
  events: AsyncIterable<GenerateEvent>,
  head: AnswerHead,
  { includeUsage }: Delivery,
): AsyncGenerator<SseFrame> {
  const envelope = JSON.stringify({ id: head.id, object: "text_completion", created: head.created, model: head.model }).slice(0, -1);
  const tail = includeUsage ? ',"usage":null}' : "}";
  const chunk = (choice: number, text: string, finishReason: string): SseFrame => ({
    data: `${envelope},"choices":[{"text":${text},"index":${choice},"logprobs":null,"finish_reason":${finishReason}}]${tail}`,
  });

  for await (const event of events) {
    if (event.type === "text-delta") yield chunk(event.choice, JSON.stringify(event.text), "null");
    else if (event.type === "choice-end") yield chunk(event.choice, '""', `"${event.reason}"`);
    else if (event.type === "end") {
      const usage = writeUsage(event.usage);
      if (includeUsage && usage) yield { data: `${envelope},"choices":[],"usage":${JSON.stringify(usage)}}` };
    }
  }
  yield DONE_FRAME;
}
