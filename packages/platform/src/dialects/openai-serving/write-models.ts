import type { Dialect } from "@bonfire/protocol/dialect";
import type { Model, TogetherModel } from "@bonfire/protocol/models";

/** What clients can learn of a model. */
export interface ListedModel {
  readonly id: string;
  readonly ownedBy: string;
  /** Unix seconds. */
  readonly created: number;
  /** Tokens of prompt and answer together, where known. */
  readonly contextLength: number | undefined;
  readonly chat: boolean;
  readonly vision: boolean;
}

/** One model, as the dialect describes it (api reference 19). */
export function writeModel(model: ListedModel, dialect: Dialect): Model | TogetherModel {
  return dialect === "together" ? togetherModel(model) : MODEL_WRITERS[dialect](model);
}

/** OpenAI and Fireworks wrap the list; Together's clients want it bare. */
export function writeModelList(models: readonly ListedModel[], dialect: Dialect): { object: "list"; data: Model[] } | TogetherModel[] {
  return dialect === "together" ? models.map(togetherModel) : { object: "list", data: models.map(MODEL_WRITERS[dialect]) };
}

const MODEL_WRITERS = { openai: openaiModel, fireworks: fireworksModel } as const;

function openaiModel({ id, created, ownedBy, contextLength }: ListedModel): Model {
  return { id, object: "model", created, owned_by: ownedBy, ...(contextLength === undefined ? {} : { context_length: contextLength }) };
}

function fireworksModel(model: ListedModel): Model {
  return {
    ...openaiModel(model),
    kind: "HF_BASE_MODEL",
    supports_chat: model.chat,
    supports_image_input: model.vision,
    // Calls are enforced while decoding: no model needs to have learnt them.
    supports_tools: model.chat,
  };
}

/** The first Python SDK wants a price on every model. */
function togetherModel({ id, created, ownedBy, contextLength, chat }: ListedModel): TogetherModel {
  return {
    id,
    object: "model",
    created,
    type: chat ? "chat" : "language",
    display_name: id.slice(id.lastIndexOf("/") + 1),
    organization: ownedBy,
    link: "",
    license: "",
    ...(contextLength === undefined ? {} : { context_length: contextLength }),
    pricing: { hourly: 0, input: 0, output: 0, base: 0, finetune: 0 },
  };
}
