import { model, modelList, togetherModel, togetherModelList } from "@bonfire/protocol/models";
import { describe, expect, it } from "vitest";
import { type ListedModel, writeModel, writeModelList } from "./write-models.ts";

const MODEL: ListedModel = { id: "org/Some-Model", ownedBy: "org", created: 5, contextLength: 8_192, chat: true, vision: false };
const IDENTITY = { id: "org/Some-Model", object: "model", created: 5, context_length: 8_192 };

describe("writeModelList", () => {
  it("wraps the list for OpenAI's clients", () => {
    expect(modelList.parse(writeModelList([MODEL], "openai"))).toEqual({ object: "list", data: [{ ...IDENTITY, owned_by: "org" }] });
  });

  it("says for Fireworks' clients what a model can do", () => {
    expect(modelList.parse(writeModelList([MODEL], "fireworks")).data).toEqual([
      { ...IDENTITY, owned_by: "org", kind: "HF_BASE_MODEL", supports_chat: true, supports_image_input: false, supports_tools: true },
    ]);
  });

  it("is a bare array for Together's clients, each model with a price", () => {
    expect(togetherModelList.parse(writeModelList([MODEL], "together"))).toEqual([
      {
        ...IDENTITY,
        ...{ type: "chat", display_name: "Some-Model", organization: "org", link: "", license: "" },
        pricing: { hourly: 0, input: 0, output: 0, base: 0, finetune: 0 },
      },
    ]);
  });
});

describe("writeModel", () => {
  it("describes one as the list does", () => {
    const base = { ...MODEL, chat: false, contextLength: undefined };
    expect(model.parse(writeModel(base, "openai"))).not.toHaveProperty("context_length");
    expect(togetherModel.parse(writeModel(base, "together"))).toMatchObject({ type: "language" });
  });
});
