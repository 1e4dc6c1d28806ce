import type { ReasoningOptions } from "../../engine/generation.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * How a request says how a model is to think: each a function from the options to the fields of the body. `template`, variables of the chat
 * template, is written with the rest of the body.
 */
export const REASONING_STYLES = {
  template: undefined,
  /** OpenAI: how hard, and nothing else. */
  effort: ({ effort }: ReasoningOptions): Fields => present({ reasoning_effort: effort }),
  /** Together: a switch beside it. */
  switch: ({ enabled, effort }: ReasoningOptions): Fields =>
    present({ reasoning: enabled === undefined ? undefined : { enabled }, reasoning_effort: effort }),
  /** DeepSeek: the switch is an object with a type. */
  type: ({ enabled, effort }: ReasoningOptions): Fields =>
    present({ thinking: enabled === undefined ? undefined : { type: typeOf(enabled) }, reasoning_effort: effort }),
  /** Fireworks: the same with a budget, and never beside an effort. */
  budget: ({ enabled, effort, budgetTokens, history }: ReasoningOptions): Fields => {
    const thinking =
      budgetTokens === undefined ? { type: typeOf(enabled ?? true) } : { type: typeOf(enabled ?? true), budget_tokens: budgetTokens };
    const isSaidByEffort = effort !== undefined && enabled !== false && budgetTokens === undefined;
    const isSilent = enabled === undefined && budgetTokens === undefined;
    return present({
      thinking: isSaidByEffort || isSilent ? undefined : thinking,
      reasoning_effort: isSaidByEffort ? effort : undefined,
      reasoning_history: history,
    });
  },
  /** OpenRouter: all in one object, where a budget and an effort exclude each other. */
  object: ({ enabled, effort, budgetTokens }: ReasoningOptions): Fields => {
    const reasoning = present({ enabled, max_tokens: budgetTokens, effort: budgetTokens === undefined ? effort : undefined });
    return Object.keys(reasoning).length === 0 ? {} : { reasoning };
  },
} as const;

export type ReasoningStyle = keyof typeof REASONING_STYLES;

function typeOf(enabled: boolean): "enabled" | "disabled" {
  return enabled ? "enabled" : "disabled";
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
