import { z } from "zod";
import type { ListedModel } from "../../engine/engine.ts";

const length = z.int().positive().nullish().catch(undefined);
const flag = z.boolean().nullish().catch(undefined);
const words = z.array(z.string()).nullish().catch(undefined);

/** What lists say of a model, each server some of it. A field of another shape is as good as absent. */
const listItem = z.object({
  id: z.string().min(1),
  /** vLLM and SGLang; Together, Fireworks, OpenRouter and Bonfire; Groq; LM Studio for what is loaded; Mistral and LM Studio; Anthropic. */
  max_model_len: length,
  context_length: length,
  context_window: length,
  loaded_context_length: length,
  max_context_length: length,
  max_input_tokens: length,
  /** llama.cpp. Its `n_ctx_train` is what the model could take, not what the server was started with. */
  meta: z.object({ n_ctx: length }).nullish().catch(undefined),
  /** Together, LM Studio; Fireworks; Groq; Anthropic. */
  type: z.string().nullish().catch(undefined),
  kind: z.string().nullish().catch(undefined),
  active: flag,
  lifecycle: z.string().nullish().catch(undefined),
  supports_chat: flag,
  supports_image_input: flag,
  /** Mistral's, Azure's and Anthropic's words. */
  capabilities: z
    .object({
      completion_chat: flag,
      completion_fim: flag,
      vision: flag,
      chat_completion: flag,
      completion: flag,
      image_input: z.object({ supported: flag }).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  /** OpenRouter. */
  architecture: z.object({ input_modalities: words, output_modalities: words }).nullish().catch(undefined),
});
type ListItem = z.infer<typeof listItem>;

/** OpenAI's list, or Together's bare one; with Anthropic's mark of a page that is followed by another. */
const modelList = z.union([
  z.array(z.unknown()).transform((data) => ({ data, has_more: false, last_id: undefined })),
  z.object({
    data: z.array(z.unknown()),
    has_more: z.boolean().nullish().catch(undefined),
    last_id: z.string().nullish().catch(undefined),
  }),
]);

export interface ModelPage {
  readonly models: readonly ListedModel[];
  /** The last id of the page, where another follows. */
  readonly after: string | undefined;
}

/** One page of a list. Models that write no text are left out: nothing here could call them. @throws ZodError for what is no list. */
export function readModelPage(json: unknown, idPrefix = ""): ModelPage {
  const page = modelList.parse(json);
  const items = page.data.flatMap((item) => listItem.safeParse(item).data ?? []);
  return {
    models: items.filter(writesText).map((item) => readModel(item, idPrefix)),
    after: page.has_more === true ? (page.last_id ?? undefined) : undefined,
  };
}

/** What Together, LM Studio and Fireworks call what is no language model. */
const OTHER_KINDS = /^(?:embeddings?|image|moderation|rerank|audio|transcribe|video|speech|embedding_model|flumina_\w+|draft_addon)$/i;

function writesText({ type, kind, active, lifecycle, capabilities, architecture }: ListItem): boolean {
  if (active === false || lifecycle === "retired") return false;
  if (OTHER_KINDS.test(type ?? "") || OTHER_KINDS.test(kind ?? "")) return false;
  if (architecture?.output_modalities?.includes("text") === false) return false;
  const { completion_chat, completion_fim, chat_completion, completion } = capabilities ?? {};
  const told = [completion_chat, completion_fim, chat_completion, completion].filter((value) => typeof value === "boolean");
  return told.length === 0 || told.includes(true);
}

const CHAT_OF_TYPE: Readonly<Record<string, boolean>> = { chat: true, llm: true, vlm: true, language: false, code: false };

function readModel(item: ListItem, idPrefix: string): ListedModel {
  const { capabilities, architecture } = item;
  const contextLength =
    item.max_model_len ??
    item.context_length ??
    item.context_window ??
    item.loaded_context_length ??
    item.max_context_length ??
    item.max_input_tokens ??
    item.meta?.n_ctx;
  const chat = item.supports_chat ?? capabilities?.completion_chat ?? capabilities?.chat_completion ?? CHAT_OF_TYPE[item.type ?? ""];
  const vision =
    item.supports_image_input ??
    capabilities?.vision ??
    capabilities?.image_input?.supported ??
    architecture?.input_modalities?.includes("image") ??
    (item.type === "vlm" ? true : item.type === "llm" ? false : undefined);
  return {
    id: item.id.startsWith(idPrefix) ? item.id.slice(idPrefix.length) : item.id,
    ...(contextLength === undefined || contextLength === null ? {} : { contextLength }),
    ...(chat === undefined ? {} : { chat }),
    ...(vision === undefined ? {} : { vision }),
  };
}
