import { z } from "zod";
import { durationText } from "./durations.ts";

/** What kinds of servers there are; `engines/openai-compatible/profiles.ts` says what each understands. */
export const UPSTREAM_PROFILES = [
  "generic",
  "openai",
  "azure-openai",
  "together",
  "fireworks",
  "anthropic",
  "groq",
  "mistral",
  "deepseek",
  "openrouter",
  "gemini",
  "vertex",
  "bedrock",
  "vllm",
  "sglang",
  "llamacpp",
  "ollama",
  "lm-studio",
  "bonfire",
] as const;
export type UpstreamProfileName = (typeof UPSTREAM_PROFILES)[number];

const HTTP_URL = "a base URL such as https://api.together.xyz/v1";
const BARE_URL = "a base URL without user name, password, query and fragment, such as https://api.together.xyz/v1";
/** They would be kept and shown in the open, since only keys are sealed. */
const isBareUrl = (text: string): boolean => URL.canParse(text) && !/[?#]/.test(text) && !/^[a-z]+:\/*[^/]*@/i.test(text);
const SLUG = "lower-case letters, digits and hyphens, beginning with a letter, at most 40";
/** Names of upstreams are the first part of their deployments' names; `local` stands for the models of this platform. */
export const upstreamName = z
  .string(SLUG)
  .regex(/^[a-z][a-z0-9-]{0,39}$/, SLUG)
  .refine((name) => name !== "local", "another name: 'local' stands for the platform's own models");

const keyName = z.string(SLUG).regex(/^[a-z0-9][a-z0-9-]{0,39}$/, SLUG);
const tokenPrice = z
  .number("US dollars for each million tokens")
  .min(0, "US dollars for each million tokens")
  .max(1_000_000, "US dollars for each million tokens");

/** What a million tokens cost, in US dollars. */
export const tokenPrices = z.strictObject({ input: tokenPrice, output: tokenPrice }).meta({ id: "TokenPrices" });
export type TokenPrices = z.infer<typeof tokenPrices>;

export const timeouts = z
  .strictObject({
    connect: durationText.optional().describe("Until the connection stands. Default 10s."),
    first_token: durationText.optional().describe("Until the first content of an answer. Default 2m."),
    between_tokens: durationText.optional().describe("Between two events of an answer. Default 1m."),
    total: durationText.optional().describe("For the whole attempt. Default 30m."),
  })
  .meta({ id: "Timeouts" });
export type Timeouts = z.infer<typeof timeouts>;

export const upstreamModel = z
  .strictObject({
    id: z.string().min(1).max(300).describe("As the upstream knows it."),
    context_length: z.int().positive().optional(),
    chat: z.boolean().optional().describe("False for models that only continue text. Default true."),
    vision: z.boolean().optional().describe("Whether it takes images. Default true: an upstream that cannot see says so itself."),
    price: tokenPrices.optional(),
  })
  .meta({ id: "UpstreamModel" });
export type UpstreamModel = z.infer<typeof upstreamModel>;

/** How requests are signed where a bearer key is not the way. */
const credentials = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("keys").describe("By the upstream's keys, in the header that the profile names.") }),
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({
      kind: z.literal("aws-sigv4").describe("Each key is `ACCESS_KEY_ID:SECRET_ACCESS_KEY` or, with a session token, `ID:SECRET:TOKEN`."),
      region: z.string().regex(/^[a-z0-9-]{1,30}$/, "an AWS region such as eu-central-1"),
      service: z
        .string()
        .regex(/^[a-z0-9-]{1,30}$/)
        .default("bedrock"),
    }),
    z.strictObject({ kind: z.literal("google-service-account").describe("Each key is the JSON of a service account's key file.") }),
  ])
  .meta({ id: "UpstreamCredentials" });

/** What says who we are belongs into the keys, where it is sealed; what frames a message is not for operators to say. */
const OWN_HEADERS =
  /^(?:authorization|proxy-authorization|x-api-key|api-key|x-goog-api-key|cookie|host|connection|keep-alive|upgrade|expect|te|trailer|transfer-encoding|content-length|content-type)$/;
const HEADER_NAME = "names of headers in lower case, but for those that hold keys or frame a message";

const glob = z.string().min(1).max(300).describe("`*` stands for any characters.");

/** What operators say of an upstream. Everything but the keys, which are told once and never given back. */
export const upstreamDefinition = z
  .strictObject({
    name: upstreamName,
    profile: z.enum(UPSTREAM_PROFILES).default("generic"),
    base_url: z
      .url({ protocol: /^https?$/, error: HTTP_URL })
      .max(2_000, HTTP_URL)
      .refine(isBareUrl, BARE_URL)
      .optional()
      .describe("Up to and including the API's own prefix. Default: the profile's, where it has one."),
    credentials: credentials.default({ kind: "keys" }),
    headers: z
      .record(
        z
          .string()
          .regex(/^[a-z0-9-]{1,60}$/, HEADER_NAME)
          .refine((name) => !OWN_HEADERS.test(name), HEADER_NAME),
        z
          .string()
          .max(1_000)
          .regex(/^[\x20-\x7e]*$/),
      )
      .default({})
      .describe("Sent with each call; no place for secrets."),
    query: z.record(z.string().max(60), z.string().max(300)).default({}).describe("Added to each call's query: Azure's `api-version`."),
    import_models: z.boolean().default(true).describe("Whether the upstream's own list is taken over, at once and then every hour."),
    include: z.array(glob).max(100).default([]).describe("Of the list, only what one of these matches. Empty: all."),
    exclude: z.array(glob).max(100).default([]).describe("Of the list, nothing that one of these matches."),
    models: z.array(upstreamModel).max(1_000).default([]).describe("Models that the list lacks, or says too little about."),
    max_concurrent: z
      .int()
      .positive()
      .max(100_000)
      .optional()
      .describe("Most requests at once for each of its models, over all gateways. Default: no bound."),
    timeouts: timeouts.default({}),
    health_check: z
      .union([z.literal("off"), durationText])
      .default("15s")
      .describe("How often the list of models is asked for, to see that it answers."),
  })
  .meta({ id: "UpstreamDefinition" });
export type UpstreamDefinition = z.infer<typeof upstreamDefinition>;

const KEY_VALUE = "a key of at most 20000 characters without control characters";

export const upstreamKeyInput = z
  .strictObject({
    name: keyName.default("default"),
    value: z
      .string()
      .trim()
      .min(1, KEY_VALUE)
      .max(20_000, KEY_VALUE)
      .regex(/^(?:[^\p{Cc}]|[\t\r\n])*$/u, KEY_VALUE),
  })
  .meta({ id: "UpstreamKeyInput" });
export type UpstreamKeyInput = z.infer<typeof upstreamKeyInput>;

/** As it is applied: absent keys stay as they are, an empty list removes them. */
export const upstreamResource = upstreamDefinition
  .extend({ keys: z.array(upstreamKeyInput).max(50).optional() })
  .meta({ id: "UpstreamResource" });
export type UpstreamResource = z.infer<typeof upstreamResource>;

/** The name stands in the path; here it may be left out. */
export const putUpstreamRequest = upstreamResource.extend({ name: upstreamName.optional() }).meta({ id: "PutUpstreamRequest" });

export const upstream = z
  .strictObject({
    object: z.literal("upstream"),
    ...upstreamDefinition.shape,
    keys: z.array(
      z.strictObject({ name: z.string(), hint: z.string().describe("Its last characters; empty where it is short."), created_at: z.int() }),
    ),
    listed_models: z.int().describe("Models that its own list had when it was last read, and that `include` and `exclude` let through."),
    listed_at: z.int().nullable().describe("When it was last asked for, Unix seconds."),
    list_error: z.string().nullable().describe("Why it could not be read the last time."),
    source: z.enum(["resources", "settings"]).describe("`settings`: BONFIRE_UPSTREAM_URL; changed there."),
    created_at: z.int(),
    etag: z.string(),
  })
  .meta({ id: "Upstream" });
export type Upstream = z.infer<typeof upstream>;

export const upstreamList = z.strictObject({ object: z.literal("list"), data: z.array(upstream) }).meta({ id: "UpstreamList" });
export const removedUpstream = z
  .strictObject({ name: z.string(), object: z.literal("upstream"), deleted: z.literal(true) })
  .meta({ id: "RemovedUpstream" });
