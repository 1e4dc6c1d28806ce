import type { ChatMessageBody, ContentPartBody } from "@bonfire/protocol/chat-messages";
import { ApiError } from "@bonfire/protocol/errors";
import type { ChatMessage, ContentPart, ImageSource, ToolCall } from "../../engine/generation.ts";
import { wellFormed } from "../well-formed.ts";

type AssistantBody = Extract<ChatMessageBody, { role: "assistant" }>;
type CallBody = NonNullable<AssistantBody["function_call"]>;
type Content = ChatMessageBody["content"];

/** @throws ApiError that names the place in `messages`. */
export function readMessages(messages: readonly ChatMessageBody[]): ChatMessage[] {
  const history = new CallHistory();
  return messages.map((message, index) => readMessage(message, `messages[${index}]`, history));
}

/** The calls that earlier messages made. */
class CallHistory {
  readonly #ids = new Set<string>();
  readonly #lastOfFunction = new Map<string, string>();

  note(call: ToolCall): ToolCall {
    this.#ids.add(call.id);
    this.#lastOfFunction.set(call.name, call.id);
    return call;
  }

  /** Results may come in any order, but not without their call: templates would fail, or the model would be told of something that it never did. */
  requireId(id: string, param: string): string {
    if (this.#ids.has(id)) return id;
    throw new ApiError(
      "invalid_value",
      `Invalid value for '${param}': no earlier message has a tool call with the id ${JSON.stringify(id)}.`,
      {
        param,
      },
    );
  }

  idOf(name: string, param: string): string {
    const id = this.#lastOfFunction.get(name);
    if (id !== undefined) return id;
    throw new ApiError("invalid_value", `Invalid value for '${param}': no earlier message calls a function ${JSON.stringify(name)}.`, {
      param,
    });
  }
}

function readMessage(message: ChatMessageBody, param: string, history: CallHistory): ChatMessage {
  const name = message.name ? { name: wellFormed(message.name) } : {};
  const place = `${param}.content`;
  switch (message.role) {
    case "system":
    // Engines know no developer role; OpenAI defines it as the system role's successor.
    case "developer":
      return { role: "system", content: readText(message.content, place), ...name };
    case "user":
      return { role: "user", content: readContent(message.content, place), ...name };
    case "assistant":
      return { ...readAssistant(message, param, history), ...name };
    case "tool":
      return {
        role: "tool",
        toolCallId: history.requireId(message.tool_call_id, `${param}.tool_call_id`),
        content: readText(message.content, place),
        ...name,
      };
    case "function":
      return { role: "tool", toolCallId: history.idOf(message.name, `${param}.name`), content: readText(message.content, place), ...name };
  }
}

function readAssistant(message: AssistantBody, param: string, history: CallHistory): Extract<ChatMessage, { role: "assistant" }> {
  if (message.audio) {
    throw new ApiError("unsupported_parameter", `'${param}.audio' is not supported by this server; send the text of what was said.`, {
      param: `${param}.audio`,
    });
  }
  const reasoning = message.reasoning_content ?? message.reasoning;
  const calls = [
    ...(message.tool_calls ?? []).map(({ id, function: called }) => readCall(wellFormed(id), called)),
    // The older form has no id; the place in the history makes one that stays the same when the history grows.
    ...(message.function_call ? [readCall(`call_${param.replaceAll(/\D/g, "")}`, message.function_call)] : []),
  ].map((call) => history.note(call));
  const content = readText(message.content, `${param}.content`);
  return {
    role: "assistant",
    content: content === "" ? wellFormed(message.refusal ?? "") : content,
    ...(reasoning ? { reasoning: wellFormed(reasoning) } : {}),
    ...(calls.length > 0 ? { toolCalls: calls } : {}),
  };
}

/** Templates parse the arguments: of a call without any, some clients send an empty text. */
function readCall(id: string, { name, arguments: given }: CallBody): ToolCall {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  return { id, name: wellFormed(name), arguments: text.trim() === "" ? "{}" : wellFormed(text) };
}

function readText(content: Content, param: string): string {
  const read = readContent(content, param);
  if (typeof read === "string") return read;
  const picture = read.find((part) => part.kind === "image");
  const place = picture?.param ?? param;
  throw new ApiError("invalid_value", `Invalid value for '${place}': pictures can stand only in user messages.`, { param: place });
}

/** Parts of one message are one text: joined by line breaks, as llama.cpp and vLLM render them. Pictures keep their place between texts. */
function readContent(content: Content, param: string): string | readonly ContentPart[] {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return wellFormed(content);
  const parts: ContentPart[] = [];
  for (const [index, part] of content.entries()) {
    const read = readPart(part, `${param}[${index}]`);
    const last = parts.at(-1);
    if (read.kind === "text" && last?.kind === "text") parts[parts.length - 1] = { kind: "text", text: `${last.text}\n${read.text}` };
    else parts.push(read);
  }
  const [only] = parts;
  if (only === undefined) return "";
  return parts.length === 1 && only.kind === "text" ? only.text : parts;
}

function readPart(part: ContentPartBody, param: string): ContentPart {
  switch (part.type) {
    case "text":
      return { kind: "text", text: wellFormed(part.text) };
    case "refusal":
      return { kind: "text", text: wellFormed(part.refusal) };
    case "image_url":
      return { kind: "image", source: readImage(part.image_url), param: `${param}.image_url` };
    default:
      throw new ApiError("unsupported_parameter", `Content of type "${part.type}" is not supported here: ${adviceFor(part.type)}.`, {
        param: `${param}.type`,
      });
  }
}

function readImage(image: Extract<ContentPartBody, { type: "image_url" }>["image_url"]): ImageSource {
  const { url, detail } = typeof image === "string" ? { url: image, detail: undefined } : image;
  return { kind: "url", url, detail: detail ?? "auto" };
}

const OF_MESSAGES_API: ReadonlySet<string> = new Set([
  ...["image", "document", "tool_use", "tool_result"],
  ...["thinking", "redacted_thinking", "search_result"],
]);
const OF_RESPONSES_API: ReadonlySet<string> = new Set(["input_text", "input_image", "input_file", "output_text"]);

function adviceFor(type: string): string {
  if (OF_MESSAGES_API.has(type))
    return "it belongs to /v1/messages; in chat completions it is text, image_url, tool_calls or a tool message";
  if (OF_RESPONSES_API.has(type)) return "it belongs to /v1/responses; in chat completions it is text or image_url";
  return "send text or image_url";
}
