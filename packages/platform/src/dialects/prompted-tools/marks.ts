/** The marks that Hermes and Qwen models learn (NousResearch/Hermes-Function-Calling): what comes nearest to a convention. */
export const CALL_BEGIN = "<tool_call>";
export const CALL_END = "</tool_call>";
export const RESULT_BEGIN = "<tool_response>";
export const RESULT_END = "</tool_response>";

/** Calls of one answer, where several may be made: a small model finds no end by itself. */
export const MOST_CALLS = 8;
