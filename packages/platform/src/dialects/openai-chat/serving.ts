import {
  type ChatCompletion,
  type ChatCompletionRequest,
  chatCompletionRequest,
  type chatMessage,
} from "@bonfire/protocol/chat-completions";
import { DONE_FRAME, type SseFrame } from "@bonfire/protocol/sse";
import { parseRequest } from "@bonfire/protocol/validation-error";
import type { z } from "zod";
import type { Generation } from "../../engine/fold-generation.ts";
import type { ChatMessage, GenerateEvent, GenerateRequest } from "../../engine/generation.ts";
import type { AnswerHead } from "../answer-head.ts";
import { judgeFields } from "../field-table.ts";
import { type Delivery, readDelivery, readGenerationOptions } from "../generation-options.ts";
import { writeUsage } from "../usage.ts";
import { wellFormed } from "../well-formed.ts";
import { CHAT_FIELDS } from "./fields.ts";

export interface ChatCall {
  readonly model: string;
  readonly request: GenerateRequest;
  readonly delivery: Delivery;
  /** Fields that were accepted without effect. */
  readonly ignored: readonly string[];
}

/** @throws ApiError that names the field at fault. */
export function readChatCall(input: unknown): ChatCall {
  const body: ChatCompletionRequest = parseRequest(chatCompletionRequest, input);
  const ignored = judgeFields(input, chatCompletionRequest.shape, CHAT_FIELDS);
  return {
    model: body.model,
    request: {
      prompt: { kind: "chat", messages: body.messages.map(readMessage) },
      ...readGenerationOptions(body, body.max_completion_tokens ?? body.max_tokens),
    },
    delivery: readDelivery(body),
    ignored,
  };
}

function readMessage(message: z.infer<typeof chatMessage>): ChatMessage {
  const reasoning = message.role === "assistant" ? (message.reasoning_content ?? message.reasoning) : undefined;
  return {
    // Engines know no developer role; OpenAI defines it as the system role's successor.
    role: message.role === "developer" ? "system" : message.role,
    content: readContent(message.content),
    ...(reasoning ? { reasoning } : {}),
    ...(message.name ? { name: message.name } : {}),
  };
}

/** Parts of one message are one text: joined by line breaks, as llama.cpp and vLLM render them. */
function readContent(content: z.infer<typeof chatMessage>["content"]): string {
  if (content === null || content === undefined) return "";
  return wellFormed(typeof content === "string" ? content : content.map((part) => part.text).join("\n"));
}

export function writeChatCompletion({ choices, usage }: Generation, head: AnswerHead): ChatCompletion {
  const counted = writeUsage(usage);
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: choices.map((choice, index) => ({
      index,
      message: { role: "assistant", content: choice.text, refusal: null, ...bothReasoningNames(choice.reasoning) },
      logprobs: null,
      finish_reason: choice.finishReason,
    })),
    ...(counted === undefined ? {} : { usage: counted }),
  };
}

/**
 * The frames of a streamed answer, `[DONE]` included. The role-only chunk of a choice waits for its first content, so that the first
 * frame of all proves that the engine works. The envelope is built once: only the delta is serialised for each event.
 */
export async function* writeChatFrames(
  events: AsyncIterable<GenerateEvent>,
  head: AnswerHead,
  { includeUsage }: Delivery,
): AsyncGenerator<SseFrame> {
  const envelope = JSON.stringify({ id: head.id, object: "chat.completion.chunk", created: head.created, model: head.model }).slice(0, -1);
  const tail = includeUsage ? ',"usage":null}' : "}";
  const chunk = (choice: number, delta: string, finishReason = "null"): SseFrame => ({
    data: `${envelope},"choices":[{"index":${choice},"delta":${delta},"logprobs":null,"finish_reason":${finishReason}}]${tail}`,
  });
  const begun = new Set<number>();

  for await (const event of events) {
    if (event.type === "start") continue;
    if (event.type === "end") {
      const usage = writeUsage(event.usage);
      if (includeUsage && usage) yield { data: `${envelope},"choices":[],"usage":${JSON.stringify(usage)}}` };
      continue;
    }
    if (!begun.has(event.choice)) {
      begun.add(event.choice);
      yield chunk(event.choice, '{"role":"assistant","content":""}');
    }
    if (event.type === "text-delta") yield chunk(event.choice, `{"content":${JSON.stringify(event.text)}}`);
    else if (event.type === "reasoning-delta") yield chunk(event.choice, JSON.stringify(bothReasoningNames(event.text)));
    else yield chunk(event.choice, "{}", `"${event.reason}"`);
  }
  yield DONE_FRAME;
}

/** Together's clients read `reasoning`; Fireworks', vLLM's and the AI SDK read `reasoning_content`. */
function bothReasoningNames(reasoning: string): { reasoning_content?: string; reasoning?: string } {
  return reasoning === "" ? {} : { reasoning_content: reasoning, reasoning };
}
