import { ApiError } from "@bonfire/protocol/errors";
import type { CountTokensRequest } from "@bonfire/protocol/messages";
import type { ChatMessage, ContentPart, ToolCall } from "../../engine/generation.ts";
import { wellFormed } from "../well-formed.ts";

type Message = CountTokensRequest["messages"][number];
type Role = Message["role"];
type BlockOf<R extends Role> = Exclude<Extract<Message, { role: R }>["content"], string>[number];
type ToolResult = Extract<BlockOf<"user">, { type: "tool_result" }>;
type Picture = Extract<BlockOf<"user">, { type: "image" }>;

/** A block and where the client put it: `messages[1].content[0]`. */
interface Placed<Block> {
  readonly block: Block;
  readonly param: string;
}

/** Consecutive messages of one role. */
type Turn =
  | { readonly role: "user"; readonly blocks: Placed<BlockOf<"user">>[] }
  | { readonly role: "assistant"; readonly blocks: Placed<BlockOf<"assistant">>[] }
  | { readonly role: "system"; readonly blocks: Placed<BlockOf<"system">>[] };

/** Calls that wait for their results, by id. */
type OpenCalls = ReadonlyMap<string, Placed<ToolCall>>;

/** @throws ApiError where calls and results do not belong together, or the assistant has the last word. */
export function readTurns(system: CountTokensRequest["system"], messages: readonly Message[]): ChatMessage[] {
  const read: ChatMessage[] = system ? [{ role: "system", content: joinTexts(placed(system, "system")) }] : [];
  let open: OpenCalls = new Map();
  for (const turn of mergeTurns(messages)) {
    if (turn.role === "user") {
      read.push(...readUserTurn(turn.blocks, open));
      open = new Map();
      continue;
    }
    requireAnswered(open);
    if (turn.role === "system") read.push({ role: "system", content: joinTexts(turn.blocks) });
    else {
      open = readCalls(turn.blocks);
      read.push(readAssistantTurn(turn.blocks, open));
    }
  }
  if (messages.at(-1)?.role === "assistant") {
    const param = `messages[${messages.length - 1}].role`;
    throw new ApiError("invalid_value", `'${param}': this server does not continue the assistant's text; end with a user message.`, {
      param,
    });
  }
  return read;
}

function mergeTurns(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const turn = placeTurn(message, `messages[${index}].content`);
    const last = turns.at(-1);
    if (last?.role === "user" && turn.role === "user") last.blocks.push(...turn.blocks);
    else if (last?.role === "assistant" && turn.role === "assistant") last.blocks.push(...turn.blocks);
    else if (last?.role === "system" && turn.role === "system") last.blocks.push(...turn.blocks);
    else turns.push(turn);
  }
  return turns;
}

function placeTurn(message: Message, param: string): Turn {
  switch (message.role) {
    case "user":
      return { role: "user", blocks: placed(message.content, param) };
    case "assistant":
      return { role: "assistant", blocks: placed(message.content, param) };
    case "system":
      return { role: "system", blocks: placed(message.content, param) };
  }
}

function placed<Block>(content: string | readonly Block[], param: string): Placed<Block | { type: "text"; text: string }>[] {
  if (typeof content === "string") return [{ block: { type: "text", text: content }, param }];
  return content.map((block, index) => ({ block, param: `${param}[${index}]` }));
}

function readAssistantTurn(blocks: readonly Placed<BlockOf<"assistant">>[], calls: OpenCalls): ChatMessage {
  const reasoning = blocks.flatMap(({ block }) => (block.type === "thinking" ? wellFormed(block.thinking) : [])).join("\n");
  return {
    role: "assistant",
    content: joinTexts(blocks),
    ...(reasoning === "" ? {} : { reasoning }),
    ...(calls.size === 0 ? {} : { toolCalls: [...calls.values()].map(({ block }) => block) }),
  };
}

function readCalls(blocks: readonly Placed<BlockOf<"assistant">>[]): OpenCalls {
  const calls = new Map<string, Placed<ToolCall>>();
  for (const { block, param } of blocks) {
    if (block.type !== "tool_use") continue;
    if (calls.has(block.id)) throw faulty(`${param}.id`, `the id '${block.id}' is there twice`);
    calls.set(block.id, { block: { id: block.id, name: block.name, arguments: JSON.stringify(block.input) }, param });
  }
  return calls;
}

/** First the results of the calls, then everything else as one message. Models know no pictures in results: these come first in that message. */
function readUserTurn(blocks: readonly Placed<BlockOf<"user">>[], calls: OpenCalls): ChatMessage[] {
  const open = new Map(calls);
  const results: ChatMessage[] = [];
  const rest: ContentPart[] = [];
  let saidMore = false;
  for (const { block, param } of blocks) {
    if (block.type !== "tool_result") {
      saidMore = true;
      rest.push(block.type === "text" ? { kind: "text", text: wellFormed(block.text) } : readPicture(block, param));
      continue;
    }
    if (saidMore) throw faulty(param, "the results of calls come before everything else in a turn");
    const call = open.get(block.tool_use_id);
    if (call === undefined)
      throw faulty(`${param}.tool_use_id`, `'${block.tool_use_id}' is no call of the turn before that waits for a result`);
    open.delete(block.tool_use_id);
    results.push({ role: "tool", toolCallId: block.tool_use_id, name: call.block.name, content: readResult(block, param) });
    rest.push(...picturesOf(block, param));
  }
  requireAnswered(open);
  return rest.length === 0 ? results : [...results, { role: "user", content: joinParts(rest) }];
}

/** The one way to say in a prompt that a call failed. */
const FAILED = "Error: ";

function readResult({ content, is_error: failed }: ToolResult, param: string): string {
  const text = content ? joinTexts(placed(content, param)) : "";
  return failed === true ? `${FAILED}${text}` : text;
}

function picturesOf({ content }: ToolResult, param: string): ContentPart[] {
  if (typeof content === "string" || !content) return [];
  return content.flatMap((block, index) => (block.type === "image" ? readPicture(block, `${param}.content[${index}]`) : []));
}

function readPicture({ source }: Picture, param: string): ContentPart {
  // A data URL, so that what clients send as bytes is checked and scaled like what is fetched.
  const url = source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`;
  return { kind: "image", source: { kind: "url", url, detail: "auto" }, param: `${param}.source` };
}

/** Texts of one message are one text: joined by line breaks, as llama.cpp and vLLM render them. */
function joinTexts(blocks: readonly Placed<{ type: string; text?: string }>[]): string {
  return blocks.flatMap(({ block }) => (block.text === undefined ? [] : wellFormed(block.text))).join("\n");
}

function joinParts(parts: readonly ContentPart[]): string | ContentPart[] {
  const joined: ContentPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === "text" && last?.kind === "text") joined[joined.length - 1] = { kind: "text", text: `${last.text}\n${part.text}` };
    else joined.push(part);
  }
  const [only] = joined;
  return joined.length === 1 && only?.kind === "text" ? only.text : joined;
}

function requireAnswered(open: OpenCalls): void {
  for (const [id, { param }] of open) throw faulty(param, `the call '${id}' has no tool_result at the beginning of the next turn`);
}

function faulty(param: string, what: string): ApiError {
  return new ApiError("invalid_value", `Invalid value for '${param}': ${what}.`, { param });
}
