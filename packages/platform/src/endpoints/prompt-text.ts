import type { ChatMessage, ContentPart, GenerateRequest, ToolDefinition } from "../engine/generation.ts";

type Prompted = Pick<GenerateRequest, "prompt" | "tools">;

/** Beyond so many characters nobody compares prompts: what shares these is together already. */
const MOST_CHARACTERS = 131_072;
/** Of a picture: its end tells pictures of one format apart, its beginning does not. */
const PICTURE_CHARACTERS = 64;

/** An estimate: a quarter of the characters of the prompt and of the tools that it declares; a prompt of tokens is counted. Pictures count nothing. */
export function estimatePromptTokens({ prompt, tools }: Prompted): number {
  if (prompt.kind === "tokens") return prompt.tokens.length;
  let characters = prompt.kind === "text" ? prompt.text.length : 0;
  if (prompt.kind === "chat") for (const message of prompt.messages) characters += charactersOf(message);
  if (tools !== undefined && tools.choice !== "none") for (const tool of tools.definitions) characters += writeTool(tool).length;
  return Math.ceil(characters / 4);
}

/**
 * What a prompt begins with, such that two prompts begin alike here where they do so before a model: tools first, as templates have them, then each
 * message with its role. At most 131,072 characters.
 */
export function beginningOf({ prompt, tools }: Prompted): string {
  if (prompt.kind === "text") return prompt.text.slice(0, MOST_CHARACTERS);
  if (prompt.kind === "tokens") return prompt.tokens.slice(0, MOST_CHARACTERS / 8).join(" ");
  let text = "";
  for (const tool of tools?.definitions ?? []) {
    if (text.length >= MOST_CHARACTERS) break;
    text += `${writeTool(tool)}\n`;
  }
  for (const message of prompt.messages) {
    if (text.length >= MOST_CHARACTERS) break;
    text += `${message.role}\n${writeMessage(message)}\n`;
  }
  return text.slice(0, MOST_CHARACTERS);
}

function charactersOf(message: ChatMessage): number {
  const { content } = message;
  let characters = message.role.length;
  if (typeof content === "string") characters += content.length;
  else for (const part of content) characters += part.kind === "text" ? part.text.length : 0;
  if (message.role !== "assistant") return characters;
  characters += message.reasoning?.length ?? 0;
  for (const call of message.toolCalls ?? []) characters += call.name.length + call.arguments.length;
  return characters;
}

function writeMessage(message: ChatMessage): string {
  const { content } = message;
  const text = typeof content === "string" ? content : content.map(writePart).join("");
  if (message.role !== "assistant") return text;
  const calls = (message.toolCalls ?? []).map((call) => `\n${call.name} ${call.arguments}`).join("");
  return (message.reasoning ?? "") + text + calls;
}

function writePart(part: ContentPart): string {
  if (part.kind === "text") return part.text;
  const { source } = part;
  return source.kind === "url" ? source.url : `${source.base64.length} ${source.base64.slice(-PICTURE_CHARACTERS)}`;
}

function writeTool({ name, description = "", parameters }: ToolDefinition): string {
  return `${name} ${description} ${JSON.stringify(parameters)}`;
}
