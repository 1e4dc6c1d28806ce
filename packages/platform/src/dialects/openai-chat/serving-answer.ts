import type { ChatCompletion } from "@bonfire/protocol/chat-completions";
import type { GeneratedChoice, Generation } from "../../engine/fold-generation.ts";
import type { AnswerHead } from "../openai-serving/answer-head.ts";
import { seedOf, writeRawOutput } from "../openai-serving/choice-record.ts";
import { type DialectTraits, TRAITS } from "../openai-serving/dialect-traits.ts";
import { present } from "../openai-serving/generation-options.ts";
import { writePerfMetrics, writeUsage } from "../openai-serving/usage.ts";
import { writeEchoedPrompt, writeLogprobs, writePromptLogprobs } from "../openai-serving/write-logprobs.ts";
import type { ChatStyle } from "./chat-style.ts";

type Message = ChatCompletion["choices"][number]["message"];

export function writeChatCompletion({ choices, usage }: Generation, head: AnswerHead, style: ChatStyle): ChatCompletion {
  const prompt = choices[0]?.prompt;
  const tellsPrompt = style.echo || TRAITS[style.dialect].tellsPromptAndSeed;
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    ...present("service_tier", style.serviceTier),
    ...(tellsPrompt ? { prompt: style.echo && prompt !== undefined ? [writeEchoedPrompt(prompt)] : [] } : {}),
    ...(style.tokenIds && prompt?.tokenIds ? { prompt_token_ids: [...prompt.tokenIds] } : {}),
    ...(style.promptLogprobs && prompt !== undefined ? { prompt_logprobs: writePromptLogprobs(prompt) } : {}),
    choices: choices.map((choice, index) => writeChoice(choice, index, style)),
    ...present("usage", writeUsage(usage)),
    ...(style.perfMetrics ? { perf_metrics: writePerfMetrics(usage, head) } : {}),
  };
}

function writeChoice(choice: GeneratedChoice, index: number, style: ChatStyle): ChatCompletion["choices"][number] {
  const traits = TRAITS[style.dialect];
  const isFunctionCall = style.legacyFunctions && choice.finishReason === "tool_calls";
  return {
    index,
    message: {
      role: "assistant",
      content: contentOf(choice),
      refusal: null,
      ...writeReasoning(choice.reasoning, traits),
      ...writeCalls(choice, style),
    },
    logprobs: writeLogprobs(choice.logprobs, 0, style),
    finish_reason: isFunctionCall ? "function_call" : choice.finishReason,
    ...present("seed", seedOf(index, style)),
    ...(style.tokenIds ? { token_ids: [...choice.tokenIds] } : {}),
    ...(style.rawOutput ? { raw_output: writeRawOutput(choice) } : {}),
  };
}

/** An answer that is nothing but calls has no content. */
function contentOf({ text, toolCalls }: GeneratedChoice): string | null {
  return text === "" && toolCalls.length > 0 ? null : text;
}

function writeReasoning(reasoning: string, { reasoningNames }: DialectTraits): Pick<Message, "reasoning" | "reasoning_content"> {
  return reasoning === "" ? {} : Object.fromEntries(reasoningNames.map((name) => [name, reasoning]));
}

function writeCalls({ toolCalls }: GeneratedChoice, style: ChatStyle): Pick<Message, "tool_calls" | "function_call"> {
  if (style.legacyFunctions) {
    const [call] = toolCalls;
    return call === undefined ? {} : { function_call: { name: call.name, arguments: call.arguments } };
  }
  const { numbersCalls } = TRAITS[style.dialect];
  if (toolCalls.length === 0 && !numbersCalls) return {};
  return {
    tool_calls: toolCalls.map(({ id, name, arguments: text }, index) => ({
      ...(numbersCalls ? { index } : {}),
      id,
      type: "function",
      function: { name, arguments: text },
    })),
  };
}
