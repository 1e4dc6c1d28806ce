import type { ChatCompletionRequest } from "@bonfire/protocol/chat-completions";
import { ApiError } from "@bonfire/protocol/errors";
import type { ReasoningOptions } from "../../engine/generation.ts";
import { present } from "../openai-serving/generation-options.ts";

type ReasoningBody = Pick<ChatCompletionRequest, "reasoning_effort" | "reasoning" | "thinking" | "reasoning_history">;
type Effort = ReasoningBody["reasoning_effort"];

/** How to think, in the words of OpenAI, Together and Fireworks. @returns undefined where the request says nothing. @throws ApiError */
export function readReasoning({ reasoning_effort, reasoning, thinking, reasoning_history }: ReasoningBody): ReasoningOptions | undefined {
  const hasEffort = reasoning_effort !== null && reasoning_effort !== undefined;
  if (thinking && hasEffort) {
    throw new ApiError("invalid_value", "'thinking' and 'reasoning_effort' cannot be given together.", { param: "thinking" });
  }
  const effort = readEffort(reasoning_effort);
  const enabled = thinking ? thinking.type === "enabled" : (reasoning?.enabled ?? undefined);
  if (enabled !== undefined && effort.enabled !== undefined && enabled !== effort.enabled) {
    throw new ApiError("invalid_value", "'reasoning' and 'reasoning_effort' contradict each other.", { param: "reasoning" });
  }
  const options = {
    ...effort,
    ...present("enabled", enabled ?? effort.enabled),
    ...present("budgetTokens", thinking?.type === "enabled" ? thinking.budget_tokens : effort.budgetTokens),
    ...present("history", reasoning_history),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

/** `none` and `false` forbid to think; Fireworks reads `true` as `medium`, and a number as most tokens to think. */
function readEffort(effort: Effort): ReasoningOptions {
  if (effort === null || effort === undefined) return {};
  if (typeof effort === "number") return { enabled: true, budgetTokens: effort };
  if (effort === false || effort === "none") return { enabled: false, effort: "none" };
  return effort === true ? { enabled: true, effort: "medium" } : { effort };
}
