import { writeMessages } from "../../dialects/openai-chat/calling.ts";
import { callableTools } from "../../dialects/prompted-tools/declare-tools.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { ChatMessage, GenerateRequest, TokenizeRequest } from "../../engine/generation.ts";
import { fitToTemplate } from "./conversation.ts";
import type { LlamaHttp } from "./llama-http.ts";
import { isTemplateRefusal, type TemplateFacts } from "./template-facts.ts";
import { THINK_BEGIN, THINK_END, type Thinking } from "./think-splitter.ts";

interface RenderedChat {
  readonly text: string;
  readonly thinking: Thinking;
}

type ChatOptions = Pick<TokenizeRequest, "tools" | "reasoning" | "templateArguments">;

/** Whether the request forbids thoughts. */
export function thoughtsAreOff({ reasoning }: Pick<GenerateRequest, "reasoning">): boolean {
  return reasoning !== undefined && (reasoning.enabled === false || reasoning.effort === "none" || reasoning.budgetTokens === 0);
}

/**
 * The prompt as the model sees it. A last message of the assistant is not ended: the model goes on from it, and its answer is what it adds.
 * @throws EngineError for a conversation that the template refuses
 */
export async function renderChat(
  llama: LlamaHttp,
  messages: readonly ChatMessage[],
  options: ChatOptions,
  facts: TemplateFacts,
  signal: AbortSignal,
): Promise<RenderedChat> {
  refuseMarker(messages, facts.mediaMarker);
  const { tools } = options;
  const body = {
    messages: writeMessages(fitToTemplate(messages, options, facts)),
    // The choice of a tool is enforced by our own grammar.
    ...(facts.takesTools && tools !== undefined && tools.choice !== "none"
      ? { tools: writeToolDefinitions(tools), tool_choice: "none" }
      : {}),
    chat_template_kwargs: templateVariables(options),
  };
  const text = await llama.applyTemplate(body, signal).catch((cause: unknown) => {
    if (!(cause instanceof EngineError && isTemplateRefusal(cause))) throw cause;
    throw new EngineError("invalid-request", `The model's chat template refuses this conversation: ${cause.message}`, {
      promptIsAtFault: true,
      cause,
    });
  });
  if (facts.thoughts !== "marked") return { text, thinking: "none" };
  return settleThoughts(text, thoughtsAreOff(options), messages.at(-1)?.role === "assistant");
}

/** Variables of templates that switch thoughts: `enable_thinking` of most, `thinking` of DeepSeek and Granite. A client's own come last. */
export function templateVariables({ reasoning, templateArguments }: ChatOptions): Record<string, unknown> {
  const asked = reasoning?.enabled ?? (reasoning?.effort !== undefined || reasoning?.budgetTokens !== undefined ? true : undefined);
  const thinks = thoughtsAreOff({ ...(reasoning === undefined ? {} : { reasoning }) }) ? false : asked;
  return {
    ...(thinks === undefined ? {} : { enable_thinking: thinks, thinking: thinks }),
    ...(reasoning?.effort === undefined || reasoning.effort === "none" ? {} : { reasoning_effort: reasoning.effort }),
    ...templateArguments,
  };
}

/** Not every template can switch its thoughts off: then they are written as ended before they begin. */
function settleThoughts(text: string, off: boolean, continues: boolean): RenderedChat {
  const end = text.trimEnd();
  const isOpen = end.endsWith(THINK_BEGIN);
  if (isOpen) return off ? { text: `${end}\n\n${THINK_END}\n\n`, thinking: "none" } : { text, thinking: "open" };
  if (end.endsWith(THINK_END) || continues) return { text, thinking: "none" };
  return off ? { text: `${text}${THINK_BEGIN}\n\n${THINK_END}\n\n`, thinking: "none" } : { text, thinking: "possible" };
}

export function writeToolDefinitions(tools: NonNullable<ChatOptions["tools"]>): Record<string, unknown>[] {
  return callableTools(tools).map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, ...(description === undefined ? {} : { description }), parameters },
  }));
}

/** The server would look for a picture where a text contains its mark. */
function refuseMarker(messages: readonly ChatMessage[], marker: string | undefined): void {
  if (marker === undefined || !JSON.stringify(messages).includes(marker)) return;
  throw new EngineError("invalid-request", "A message contains the mark that stands for an image inside the engine.", {
    promptIsAtFault: true,
  });
}
