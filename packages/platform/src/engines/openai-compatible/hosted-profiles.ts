import { BEYOND_OPENAI, COMMON, EVERY_TIER, lacking, NOBODY_HAS, PROMPTS_OF_TEXT } from "./profile-parts.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";

/** OpenAI itself and servers as strict: what they lack is refused here, before anything is sent. */
const openai = {
  ...COMMON,
  baseUrl: "https://api.openai.com/v1",
  lacks: lacking(BEYOND_OPENAI),
  // Its reasoning models refuse the old name.
  chatSpelling: { max_tokens: "max_completion_tokens" },
  reasoning: "effort",
  serviceTiers: EVERY_TIER,
} as const satisfies UpstreamProfile;

/** ai.google.dev/gemini-api/docs/openai: what it does not know it passes over in silence. */
const gemini = {
  ...COMMON,
  baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
  idPrefix: "models/",
  lacks: lacking([...BEYOND_OPENAI, ...PROMPTS_OF_TEXT, "logitBias", "cacheKey", "user", "thoughts", "speakers"]),
  mostAlternatives: 20,
  unsent: new Set(["parallel_tool_calls"]),
  reasoning: "effort",
} as const satisfies UpstreamProfile;

/** Services with an API that speaks, or claims to speak, OpenAI's format. */
export const HOSTED_PROFILES = {
  openai,

  /** Its own `/openai/v1`, or, below `/openai`, a path for each deployment with an `api-version` in the query. */
  "azure-openai": {
    ...openai,
    baseUrl: undefined,
    below: {
      ending: "/openai",
      paths: { chat: "deployments/{model}/chat/completions", completions: "deployments/{model}/completions" },
      lists: ["models"],
    },
    keyHeader: { name: "api-key", prefix: "" },
  },

  /** docs.together.ai, ChatCompletionRequest. */
  together: {
    ...COMMON,
    baseUrl: "https://api.together.xyz/v1",
    lacks: lacking([
      ...NOBODY_HAS,
      "tokenPrompt",
      "typicalP",
      "mirostat",
      "ignoreEos",
      "grammar",
      "formatOfText",
      "reasoningBudget",
      "reasoningHistory",
      "promptLength",
      "tokenIds",
    ]),
    mostAlternatives: 20,
    logprobs: "count",
    unsent: new Set(["parallel_tool_calls"]),
    reasoning: "switch",
  },

  /** docs.fireworks.ai/api-reference/post-chatcompletions. */
  fireworks: {
    ...COMMON,
    baseUrl: "https://api.fireworks.ai/inference/v1",
    lacks: lacking([...NOBODY_HAS, "regex", "templateArguments"]),
    mostAlternatives: 5,
    reasoning: "budget",
    serviceTiers: { priority: "priority" },
  },

  /** console.groq.com/docs/openai: these fields are a 400. */
  groq: {
    ...COMMON,
    baseUrl: "https://api.groq.com/openai/v1",
    lacks: lacking([
      ...BEYOND_OPENAI,
      ...PROMPTS_OF_TEXT,
      "choices",
      "presencePenalty",
      "frequencyPenalty",
      "logitBias",
      "logprobs",
      "speakers",
      "thoughts",
      "cacheKey",
    ]),
    chatSpelling: { max_tokens: "max_completion_tokens" },
    reasoning: "effort",
    serviceTiers: { auto: "auto", default: "on_demand", flex: "flex", priority: "performance" },
    messages: { toolNames: false },
  },

  /** docs.mistral.ai/api: a field that it does not know is a 422, `stream_options` too; its streams tell usage anyhow, on the last chunk. */
  mistral: {
    ...COMMON,
    baseUrl: "https://api.mistral.ai/v1",
    lacks: lacking([...BEYOND_OPENAI, ...PROMPTS_OF_TEXT, "logitBias", "logprobs", "speakers", "thoughts", "cacheKey", "user"]),
    spelling: { seed: "random_seed" },
    unsent: new Set(["stream_options"]),
    reasoning: "effort",
    messages: { toolNames: true, callIds: { accepted: /^[a-zA-Z0-9]{9}$/, length: 9 } },
  },

  /** api-docs.deepseek.com/api/create-chat-completion. */
  deepseek: {
    ...COMMON,
    baseUrl: "https://api.deepseek.com/v1",
    lacks: lacking(
      [...BEYOND_OPENAI, ...PROMPTS_OF_TEXT, "choices", "seed", "logitBias", "jsonSchema", "cacheKey", "user"],
      ["reasoningSwitch"],
    ),
    mostAlternatives: 20,
    unsent: new Set(["parallel_tool_calls"]),
    reasoning: "type",
  },

  /** openrouter.ai/docs/api-reference/parameters. */
  openrouter: {
    ...COMMON,
    baseUrl: "https://openrouter.ai/api/v1",
    lacks: lacking(
      [...BEYOND_OPENAI, "tokenPrompt", "choices", "cacheKey"],
      ["topK", "minP", "repetitionPenalty", "reasoningSwitch", "reasoningBudget"],
    ),
    mostAlternatives: 20,
    reasoning: "object",
  },

  gemini,

  /** The same format below `…/locations/LOCATION/endpoints/openapi`, where nothing lists the models. */
  vertex: { ...gemini, baseUrl: undefined, idPrefix: undefined, lists: [] },

  /** `https://bedrock-mantle.REGION.api.aws/v1`, or `https://bedrock-runtime.REGION.amazonaws.com/openai/v1`, where nothing lists the models. */
  bedrock: {
    ...COMMON,
    below: { ending: "/openai/v1", paths: COMMON.paths, lists: [] },
    lacks: lacking([...BEYOND_OPENAI, ...PROMPTS_OF_TEXT, "choices", "logitBias", "logprobs", "cacheKey", "user"]),
    chatSpelling: { max_tokens: "max_completion_tokens" },
    reasoning: "effort",
  },

  /** platform.claude.com/docs/en/api/messages. What stands in `lacks` has no field there. */
  anthropic: {
    ...COMMON,
    wire: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    paths: { chat: "messages", completions: "messages" },
    lists: ["models?limit=1000"],
    keyHeader: { name: "x-api-key", prefix: "" },
    headers: { "anthropic-version": "2023-06-01" },
    lacks: lacking(
      [
        ...BEYOND_OPENAI,
        ...PROMPTS_OF_TEXT,
        "choices",
        "seed",
        "presencePenalty",
        "frequencyPenalty",
        "logitBias",
        "logprobs",
        "jsonObject",
        "speakers",
        "thoughts",
        "budgetBehindCalls",
        "lastWord",
        "cacheKey",
      ],
      ["topK", "reasoningSwitch", "reasoningBudget"],
    ),
    serviceTiers: { auto: "auto", default: "standard_only", priority: "auto" },
    messages: { toolNames: true, callIds: { accepted: /^[a-zA-Z0-9_-]+$/, length: 24 } },
    // Every model that it still serves can write so much.
    defaultMaxTokens: 8_192,
  },
} as const satisfies Readonly<Record<string, UpstreamProfile>>;
