import { EngineError } from "../../engine/engine-error.ts";
import type { LlamaHttp } from "./llama-http.ts";

/** What a model's chat template can do. */
export interface TemplateFacts {
  readonly takesSystem: boolean;
  /** It declares tools to the model, and writes calls and their results into the conversation. */
  readonly takesTools: boolean;
  /** It has calls written as `<tool_call>{json}</tool_call>`. */
  readonly marksCalls: boolean;
  /** `marked`: between `<think>` and `</think>`; `foreign`: in another way, which only the server's own parser knows. */
  readonly thoughts: "none" | "marked" | "foreign";
  /** Its prompt differs with the effort. */
  readonly readsEffort: boolean;
  readonly vision: boolean;
  /** What stands for a picture in a rendered prompt: drawn by the server at its start. */
  readonly mediaMarker: string | undefined;
}

const USER = { role: "user", content: "Hi" };
const NAME = "bonfire_probe";
const TOOL = { type: "function", function: { name: NAME, description: "none", parameters: { type: "object", properties: {} } } };
/** Some templates want ids of nine letters and digits. */
const CALL_ID = "probe0001";
const CALL = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: CALL_ID, type: "function", function: { name: NAME, arguments: '{"a":1}' } }],
};
const MARKED_CALL = new RegExp(`<tool_call>\\s*\\{\\s*"name"\\s*:\\s*"${NAME}"\\s*,\\s*"arguments"\\s*:\\s*\\{`);
/** Marks of thoughts other than `<think>`: gpt-oss, Mistral, Cohere, Kimi, Seed. */
const FOREIGN_THOUGHTS = ["<|channel|>", "[THINK]", "<|START_THINKING|>", "◁think▷", "<seed:think>"];

/** Asks the server for its template, and what the template makes of a few conversations. */
export async function learnTemplate(llama: LlamaHttp, signal: AbortSignal): Promise<TemplateFacts> {
  const render = (body: Readonly<Record<string, unknown>>) => llama.applyTemplate(body, signal).catch(refusedAsNothing);
  const [{ chat_template: template, modalities, media_marker: mediaMarker }, withSystem, withTools, withCall] = await Promise.all([
    llama.props(signal),
    render({ messages: [{ role: "system", content: NAME }, USER] }),
    render({ messages: [USER], tools: [TOOL], tool_choice: "none" }),
    render({
      messages: [USER, CALL, { role: "tool", tool_call_id: CALL_ID, content: "none" }, USER],
      tools: [TOOL],
      tool_choice: "none",
    }),
  ]);
  const takesTools = withTools.includes(NAME) && withCall.length > withTools.length;
  return {
    takesSystem: withSystem.includes(NAME),
    takesTools,
    marksCalls: takesTools && MARKED_CALL.test(withCall),
    thoughts: thoughtsIn(template),
    readsEffort: template.includes("reasoning_effort"),
    vision: modalities.vision,
    mediaMarker,
  };
}

function thoughtsIn(template: string): TemplateFacts["thoughts"] {
  if (FOREIGN_THOUGHTS.some((mark) => template.includes(mark))) return "foreign";
  return template.includes("</think>") ? "marked" : "none";
}

/** A template that does not know something raises an exception, which the server tells as a failure of its own. */
function refusedAsNothing(error: unknown): string {
  if (error instanceof EngineError && isTemplateRefusal(error)) return "";
  throw error;
}

export function isTemplateRefusal({ kind, details }: EngineError): boolean {
  return kind === "invalid-request" || (kind === "bad-response" && details.status === 500);
}
