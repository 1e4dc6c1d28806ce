import type { GenerateRequest } from "../../engine/generation.ts";

/**
 * How a model is to think. Whether it does is a variable of its template, for which two names are in use (`enable_thinking`: Qwen, GLM;
 * `thinking`: DeepSeek, Granite): a template reads the one that it knows. The client's own variables win.
 */
export function writeReasoning({ reasoning, templateArguments }: GenerateRequest): Record<string, unknown> {
  const { enabled, effort, budgetTokens, history } = reasoning ?? {};
  const switches = enabled === undefined ? {} : { enable_thinking: enabled, thinking: enabled };
  const variables = { ...switches, ...templateArguments };
  return {
    reasoning_effort: effort,
    thinking: budgetTokens === undefined ? undefined : { type: "enabled", budget_tokens: budgetTokens },
    reasoning_history: history,
    chat_template_kwargs: Object.keys(variables).length > 0 ? variables : undefined,
  };
}
