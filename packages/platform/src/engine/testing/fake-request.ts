import { z } from "zod";

const schema = z.record(z.string(), z.unknown());
const part = z.object({ type: z.string(), text: z.string().optional() });
const message = z.object({
  role: z.string(),
  content: z.union([z.string(), z.array(part)]).nullish(),
  tool_calls: z.array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) })).optional(),
  tool_call_id: z.string().optional(),
});

const fakeRequest = z.object({
  model: z.string(),
  messages: z.array(message).optional(),
  prompt: z.union([z.string(), z.array(z.int())]).optional(),
  n: z.int().default(1),
  max_tokens: z.int().optional(),
  stop: z.array(z.string()).default([]),
  context_length_exceeded_behavior: z.enum(["error", "truncate"]).default("error"),
  tools: z.array(z.object({ function: z.object({ name: z.string(), parameters: schema }) })).default([]),
  tool_choice: z.union([z.string(), z.object({ function: z.object({ name: z.string() }) })]).default("auto"),
  response_format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("json_object") }),
      z.object({ type: z.literal("json_schema"), json_schema: z.object({ schema }) }),
      z.object({ type: z.enum(["regex", "grammar"]) }),
    ])
    .default({ type: "text" }),
  /** Of chat, and of text completions. */
  logprobs: z.union([z.boolean(), z.int()]).optional(),
  top_logprobs: z.int().default(0),
  echo: z.boolean().default(false),
  reasoning_effort: z.string().optional(),
  chat_template_kwargs: schema.default({}),
});
export type FakeRequest = z.infer<typeof fakeRequest>;

/** @throws ZodError for what no server of this kind would be sent. */
export function readFakeRequest(body: unknown): FakeRequest {
  return fakeRequest.parse(body);
}

/** The prompt in tokens, which are words with the white space before them; a picture is one word. */
export function promptTokens({ messages, prompt }: FakeRequest): string[] {
  if (Array.isArray(prompt)) return prompt.map((id, index) => `${index === 0 ? "" : " "}t${id}`);
  return splitTokens(prompt ?? messages?.map(textOf).join(" ") ?? "");
}

export function splitTokens(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function textOf({ content, tool_calls = [] }: z.infer<typeof message>): string {
  const parts =
    typeof content === "string" ? [content] : (content ?? []).map(({ type, text }) => (type === "text" ? (text ?? "") : "<image>"));
  return [...parts, ...tool_calls.map((call) => `${call.function.name} ${call.function.arguments}`)].join(" ");
}
