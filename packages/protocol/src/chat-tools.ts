import { z } from "zod";

const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "1 to 64 characters of a-z, A-Z, 0-9, _ and -");

const functionDefinition = z
  .object({
    name,
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish().describe("JSON Schema of an object; absent: no parameters."),
    strict: z.boolean().nullish().describe("What of the schema cannot be enforced is refused."),
  })
  .meta({ id: "FunctionDefinition" });
export type FunctionDefinition = z.infer<typeof functionDefinition>;

/** Together's clients leave the type out. */
const functionType = z.literal("function").nullish();
const namedFunction = z.object({ name: z.string() });

const tool = z.object({ type: functionType, function: functionDefinition }).meta({ id: "Tool" });

const allowedTools = z.object({
  mode: z.enum(["auto", "required"]),
  tools: z.array(z.object({ type: functionType, function: namedFunction })).min(1),
});

const toolChoice = z
  .union([
    z.enum(["none", "auto", "required", "any"]),
    z.discriminatedUnion("type", [
      z.object({
        type: z.literal("function"),
        function: namedFunction.nullish(),
        name: z.string().nullish().describe("Fireworks' form: the name without `function`."),
      }),
      z.object({ type: z.literal("allowed_tools"), allowed_tools: allowedTools }),
    ]),
  ])
  .meta({ id: "ToolChoice", description: "`any` is Fireworks' word for `required`." });
export type ToolChoice = z.infer<typeof toolChoice>;

/** Request fields for tools; `functions` and `function_call` are their older form. */
export const toolFields = {
  tools: z.array(tool).max(512).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish().describe("More than one call in one answer. Default true."),
  functions: z.array(functionDefinition).max(512).nullish(),
  function_call: z.union([z.enum(["none", "auto"]), namedFunction]).nullish(),
};

const writtenFunction = z.strictObject({ name: z.string(), arguments: z.string().describe("JSON text.") });

/** A call in an answer. */
export const toolCall = z
  .strictObject({
    index: z.int().min(0).optional(),
    id: z.string(),
    type: z.literal("function"),
    function: writtenFunction,
  })
  .meta({ id: "ToolCall" });

/** A piece of a call in a stream: the first one has id, type and name, the others more of the arguments. */
export const toolCallDelta = z
  .strictObject({
    index: z.int().min(0),
    id: z.string().optional(),
    type: z.literal("function").optional(),
    function: writtenFunction.partial(),
  })
  .meta({ id: "ToolCallDelta" });

export const functionCall = writtenFunction.optional().describe("Only for those who sent `functions`.");
export const functionCallDelta = writtenFunction.partial().optional();
