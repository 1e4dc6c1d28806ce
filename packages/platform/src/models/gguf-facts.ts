import type { Capability } from "./catalog.ts";
import { type GgufHeader, type GgufValue, NotGgufError } from "./gguf-reader.ts";

/** What the planner of replicas and the serving of a model need of its file. */
export interface GgufFacts {
  /** `llama`, `qwen3`, `gemma3`. */
  readonly architecture: string;
  readonly kind: "text" | "embeddings";
  readonly capabilities: readonly Capability[];
  /** Tokens of prompt and answer together. */
  readonly contextLength: number;
  readonly layers: number;
  /** Bytes of an f16 key-value cache for each token, an upper bound where layers look back a window only. */
  readonly kvBytesPerToken: number;
  /** `gpt2`, `llama`; undefined where the file brings none. */
  readonly tokenizer: string | undefined;
  /** As the file names it: `apache-2.0`. */
  readonly licence: string | undefined;
}

/** Kinds of file that carry no language model of their own. */
const NO_MODEL: Readonly<Record<string, string>> = {
  clip: "it is a projector: the part that turns images into tokens",
  mmproj: "it is a projector: the part that turns images into tokens",
  adapter: "it is an adapter, not a whole model",
  imatrix: "it is a calibration matrix",
};

const F16_BYTES = 2;

/** @throws NotGgufError when a file of this header is no model that could be served. */
export function factsOf({ metadata }: GgufHeader): GgufFacts {
  const architecture = text(metadata.get("general.architecture"));
  const type = text(metadata.get("general.type"));
  const unfit = NO_MODEL[architecture ?? ""] ?? NO_MODEL[type ?? ""];
  if (unfit !== undefined) throw new NotGgufError(unfit);
  if (architecture === undefined) throw new NotGgufError("its header names no architecture");
  const of = (key: string) => metadata.get(`${architecture}.${key}`);

  const layers = required(of("block_count"), `${architecture}.block_count`);
  const heads = of("attention.head_count");
  const kvHeads = of("attention.head_count_kv") ?? heads;
  const headSize = required(of("embedding_length"), `${architecture}.embedding_length`) / Math.max(1, largest(heads));
  const keySize = number(of("attention.key_length")) ?? headSize;
  const valueSize = number(of("attention.value_length")) ?? headSize;
  const template = text(metadata.get("tokenizer.chat_template"));
  const pooled = number(of("pooling_type")) ?? 0;
  return {
    architecture,
    kind: pooled > 0 ? "embeddings" : "text",
    capabilities: pooled > 0 ? ["embeddings"] : capabilitiesOf(template),
    contextLength: required(of("context_length"), `${architecture}.context_length`),
    layers,
    kvBytesPerToken: Math.ceil(kvHeadsOfAllLayers(kvHeads, layers) * (keySize + valueSize) * F16_BYTES),
    tokenizer: text(metadata.get("tokenizer.ggml.model")),
    licence: text(metadata.get("general.license")),
  };
}

/** Whether a projector is one for images; others are for sound. */
export function seesImages({ metadata }: GgufHeader): boolean {
  return text(metadata.get("general.architecture")) === "clip" && metadata.get("clip.has_vision_encoder") === true;
}

/** A template that never mentions tools drops them; one that knows thinking marks it by these words. */
function capabilitiesOf(template: string | undefined): readonly Capability[] {
  if (template === undefined) return ["completions"];
  const tools = /\btools\b/.test(template);
  const reasoning = /<think>|<\|channel\|>|enable_thinking|reasoning_content/.test(template);
  return ["chat", "completions", ...(tools ? (["tools"] as const) : []), ...(reasoning ? (["reasoning"] as const) : [])];
}

/** A list has a number for each layer, zero for layers that keep no keys. */
function kvHeadsOfAllLayers(kvHeads: GgufValue | undefined, layers: number): number {
  if (typeof kvHeads === "object") return kvHeads.reduce((sum, heads) => sum + heads, 0);
  return layers * (number(kvHeads) ?? 1);
}

function largest(value: GgufValue | undefined): number {
  return typeof value === "object" ? Math.max(0, ...value) : (number(value) ?? 1);
}

function required(value: GgufValue | undefined, key: string): number {
  const found = number(value);
  if (found === undefined) throw new NotGgufError(`its header has no number for ${key}`);
  return found;
}

function number(value: GgufValue | undefined): number | undefined {
  return typeof value === "number" && value > 0 && Number.isFinite(value) ? value : undefined;
}

function text(value: GgufValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
