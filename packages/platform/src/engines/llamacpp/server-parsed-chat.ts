import { readChatStream, writeMessages } from "../../dialects/openai-chat/calling.ts";
import { callableTools } from "../../dialects/prompted-tools/declare-tools.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, GenerateEvent, GenerateRequest } from "../../engine/generation.ts";
import { templateVariables, writeToolDefinitions } from "./chat-template.ts";
import { writeSampling } from "./completion-body.ts";
import { fitToTemplate } from "./conversation.ts";
import type { TemplateFacts } from "./template-facts.ts";

/**
 * Whether the answer is left to the server's own parser: it alone knows how such a template has calls and thoughts written. What our own grammar
 * has to bind goes without: it writes calls in the way that we read.
 */
export function isParsedByServer({ prompt, tools, format }: GenerateRequest, facts: TemplateFacts): boolean {
  if (prompt.kind !== "chat") return false;
  const callable = tools === undefined || tools.choice === "none" ? [] : callableTools(tools);
  if (callable.length > 0 && tools?.choice === "required") return false;
  if (callable.length > 0 && facts.takesTools && !facts.marksCalls) return true;
  return facts.thoughts === "foreign" && format?.kind !== "regex" && format?.kind !== "grammar";
}

/**
 * The body for the server's `/v1/chat/completions`. @param messages those that are left of the conversation
 * @throws EngineError for a format beside tools: the server drops one of them
 */
export function writeServerChat(
  request: GenerateRequest,
  messages: readonly ChatMessage[],
  maxTokens: number | undefined,
  facts: TemplateFacts,
): Record<string, unknown> {
  const { tools, format, reasoning, stop, tokenIds } = request;
  const callable = tools === undefined || tools.choice === "none" ? [] : callableTools(tools);
  if (callable.length > 0 && format !== undefined) {
    throw new EngineError("unsupported", "This model's own way of calling tools allows no response format beside them.", {
      param: format.param,
    });
  }
  if (tokenIds === true) throw new EngineError("unsupported", "The tokens of such an answer are not told.", { param: "return_token_ids" });
  return {
    messages: writeMessages(fitToTemplate(messages, request, facts)),
    ...writeSampling(request),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(stop.length === 0 ? {} : { stop }),
    ...(callable.length === 0 || !facts.takesTools || tools === undefined
      ? {}
      : { tools: writeToolDefinitions(tools), tool_choice: "auto" }),
    ...(format?.kind === "json-schema" ? { json_schema: format.schema } : format?.kind === "json-object" ? JSON_OBJECT : {}),
    ...(reasoning?.budgetTokens === undefined ? {} : { thinking_budget_tokens: reasoning.budgetTokens }),
    chat_template_kwargs: templateVariables(request),
    cache_prompt: true,
    stream: true,
    stream_options: { include_usage: true },
  };
}

const JSON_OBJECT = { response_format: { type: "json_object" } };

/** Without a `start`. */
export async function* readServerChat(
  data: AsyncIterable<readonly string[]>,
  { tools }: GenerateRequest,
  cachedTokens: number | undefined,
): AsyncGenerator<GenerateEvent> {
  const onlyOneCall = tools?.parallel === false;
  for await (const event of readChatStream(data, 1)) {
    if (event.type === "start") continue;
    if (onlyOneCall && (event.type === "tool-call-start" || event.type === "tool-call-delta") && event.call > 0) continue;
    yield event.type === "end" && cachedTokens !== undefined ? { ...event, usage: { ...event.usage, cachedTokens } } : event;
  }
}
