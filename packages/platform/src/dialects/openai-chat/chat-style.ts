import type { AnswerStyle } from "../openai-serving/answer-style.ts";

export interface ChatStyle extends AnswerStyle {
  /** Calls are written in the older form, as `function_call`. */
  readonly legacyFunctions: boolean;
}
