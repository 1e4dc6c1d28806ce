import { expect } from "vitest";
import { z } from "zod";
import { get, PATHS, post } from "./api-calls.ts";
import { allApis, also, completionApis, type FeatureRow, type Probe } from "./feature-row.ts";
import type { ApiName } from "./probed-api.ts";

const unknownField: Probe = async (api) => {
  expect(await api.failure({ no_such_field: 1 })).toMatchObject({ status: 400, code: "unknown_parameter", param: "no_such_field" });
};
/** As the real ones do; but it is said. */
const unknownFieldIgnored: Probe = async (api) => {
  expect(await api.ignored({ no_such_field: 1 })).toContain("no_such_field");
};

const wrongType: Probe = async (api) => {
  expect(await api.failure({ temperature: "hot" })).toMatchObject({ status: 400, param: "temperature" });
};

const NO_MODEL = "no/such-model";
const NOT_FOUND: Readonly<Record<ApiName, object>> = {
  openai: { error: { code: "model_not_found", param: "model", type: "invalid_request_error", message: expect.stringContaining(NO_MODEL) } },
  together: { error: { code: "model_not_found", message: expect.stringContaining(NO_MODEL) } },
  fireworks: { error: expect.any(String) },
  completions: { error: { code: "model_not_found", param: "model" } },
  responses: { error: { code: "model_not_found", param: "model" } },
  messages: { type: "error", error: { type: "not_found_error", message: expect.stringContaining(NO_MODEL) } },
};
const unknownModel: Probe = async (api) => {
  const { status, json } = await api.answer({ model: NO_MODEL });
  expect({ status, json }).toMatchObject({ status: 404, json: NOT_FOUND[api.name] });
};

const wrongKey: Probe = async (api) => {
  const headers = { authorization: "Bearer bf-wrong", "content-type": "application/json" };
  const response = await api.call(api.path, { method: "POST", headers, body: JSON.stringify(api.request({ model: NO_MODEL })) });
  const error = api.name === "messages" ? { type: "authentication_error" } : { code: "invalid_api_key" };
  expect({ status: response.status, json: await response.json() }).toMatchObject({ status: 401, json: { error } });
};

const alias: Probe = async (api) => {
  const { headers, json } = await api.answer({ model: "smollm2" });
  expect(json).toMatchObject({ model: "smollm2" });
  expect(headers.get("x-bonfire-model")).toBe("HuggingFaceTB/SmolLM2-135M-Instruct");
};

const listed =
  (path: string, expected: unknown): Probe =>
  async ({ call }) => {
    expect((await get(call, path)).json).toEqual(expected);
  };
const listOf = (model: object) =>
  expect.objectContaining({ object: "list", data: expect.arrayContaining([expect.objectContaining(model)]) });
const MODEL = { id: "HuggingFaceTB/SmolLM2-135M-Instruct", object: "model" };
/** Anthropic's own list has another shape. */
const listedAsOpenAi: Probe = async (api) => {
  await listed(PATHS.models("openai"), listOf(MODEL))(api);
  return "as OpenAI";
};

const counted = z.object({ input_tokens: z.number() });
const tokensCounted =
  (path: string): Probe =>
  async (api) => {
    const { promptTokens } = await api.say({}, 1);
    expect(counted.parse((await post(api.call, path, api.question)).json).input_tokens).toBe(promptTokens);
  };
const tokenized: Probe = async (api) => {
  const { promptTokens } = await api.say({}, 1);
  expect((await post(api.call, "/v1/tokenize", api.question)).json).toMatchObject({ count: promptTokens });
};

export const REQUEST_ROWS: readonly FeatureRow[] = [
  {
    feature: "an unknown field: 400, or ignored as the API does and listed",
    cells: { ...allApis(unknownField), together: unknownFieldIgnored, fireworks: unknownFieldIgnored },
  },
  { feature: "a wrong type: 400 with the field's name", cells: allApis(wrongType) },
  { feature: "an unknown model: 404 in the API's shape", cells: allApis(unknownModel) },
  { feature: "a wrong key: 401 in the API's shape", cells: allApis(wrongKey) },
  { feature: "another name of a model, repeated in the answer", cells: allApis(alias) },
  {
    feature: "list of models",
    cells: {
      openai: listed(PATHS.models("openai"), listOf({ ...MODEL, owned_by: "HuggingFaceTB" })),
      together: listed(
        PATHS.models("together"),
        expect.arrayContaining([expect.objectContaining({ id: MODEL.id, pricing: expect.any(Object) })]),
      ),
      fireworks: listed(PATHS.models("fireworks"), listOf({ ...MODEL, supports_chat: true, supports_image_input: false })),
      ...{ completions: listed(PATHS.models("openai"), listOf(MODEL)), responses: listed(PATHS.models("openai"), listOf(MODEL)) },
      messages: listedAsOpenAi,
    },
  },
  {
    feature: "tokens of a prompt counted",
    cells: {
      ...completionApis(also(tokenized)),
      responses: tokensCounted(`${PATHS.responses}/input_tokens`),
      messages: tokensCounted(`${PATHS.messages}/count_tokens`),
    },
  },
];
