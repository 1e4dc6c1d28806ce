import type { GenerateRequest, OutputFormat, Prompt, ReasoningOptions, ToolDefinition, ToolUse } from "../../engine/generation.ts";
import { writeTurns } from "./calling-turns.ts";

type Body = Readonly<Record<string, unknown>>;

interface BodyOptions {
  readonly model: string;
  /** For requests without a limit, since the API requires one. */
  readonly defaultMaxTokens: number | undefined;
}

/**
 * The body that asks Anthropic's API for a streamed message. What it has no field for is not the caller's to send: it is told apart before.
 * @throws EngineError as `writeTurns` does.
 */
export function writeMessagesBody(prompt: Extract<Prompt, { kind: "chat" }>, request: GenerateRequest, options: BodyOptions): Body {
  const { tools, reasoning = {}, format, stop, user } = request;
  const effort = effortOf(reasoning);
  const outputConfig = present({ effort, format: format && writeFormat(format) });
  return present({
    model: options.model,
    ...writeTurns(prompt.messages),
    max_tokens: request.maxTokens ?? withBudget(options.defaultMaxTokens, reasoning),
    stop_sequences: stop.length > 0 ? stop : undefined,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    thinking: writeThinking(reasoning),
    output_config: Object.keys(outputConfig).length > 0 ? outputConfig : undefined,
    ...(tools === undefined ? {} : writeTools(tools)),
    metadata: user === undefined ? undefined : { user_id: user },
    stream: true,
  });
}

/** The limit counts the thoughts too. */
function withBudget(maxTokens: number | undefined, { budgetTokens = 0 }: ReasoningOptions): number | undefined {
  return maxTokens === undefined ? undefined : maxTokens + budgetTokens;
}

function writeThinking({ enabled, effort, budgetTokens }: ReasoningOptions): Body | undefined {
  if (enabled === false || effort === "none") return { type: "disabled" };
  if (budgetTokens !== undefined) return { type: "enabled", budget_tokens: budgetTokens };
  return enabled === true ? { type: "adaptive" } : undefined;
}

/** `none` is said by thinking that is off; nothing is less than `low` here. */
function effortOf({ effort }: ReasoningOptions): string | undefined {
  if (effort === "none") return undefined;
  return effort === "minimal" ? "low" : effort;
}

function writeFormat(format: OutputFormat): Body | undefined {
  if (format.kind !== "json-schema") return undefined;
  // There is no other place for a description than the schema.
  const { description, schema } = format;
  return { type: "json_schema", schema: description === undefined ? schema : { description, ...schema } };
}

const CHOICES = { auto: "auto", none: "none", required: "any" } as const;

/** Where only some of them may be called, the others are left out. */
function writeTools({ definitions, choice, allowed, parallel }: ToolUse): Body {
  const [only, ...others] = choice === "none" ? [] : (allowed ?? []);
  const isNamed = choice === "required" && only !== undefined && others.length === 0;
  const callable =
    allowed === undefined || choice === "none" || isNamed ? definitions : definitions.filter(({ name }) => allowed.includes(name));
  const serial = { disable_parallel_tool_use: !parallel };
  return {
    tools: callable.map(writeTool),
    tool_choice: isNamed
      ? { type: "tool", name: only, ...serial }
      : { type: CHOICES[choice], ...(choice === "none" || parallel ? {} : serial) },
  };
}

function writeTool({ name, description, parameters, strict }: ToolDefinition): Body {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: { type: "object", ...parameters },
    ...(strict ? { strict } : {}),
  };
}

function present(fields: Body): Body {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
