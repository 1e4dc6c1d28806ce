import { expect } from "vitest";
import { z } from "zod";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { get, PATHS, post } from "./api-calls.ts";
import { absent, accepted, type FeatureRow, ignored, NONE, type Probe } from "./feature-row.ts";

const created = z.object({ id: z.string(), status: z.string().optional() });
const idOf = (json: unknown) => created.parse(json).id;

const kept: Probe = async (api) => {
  const answer = await api.json({ store: true });
  expect((await get(api.call, `${PATHS.responses}/${idOf(answer)}`)).json).toEqual(answer);
};

/** What is gone on from is part of the prompt. */
const goneOnFrom: Probe = async (api) => {
  const first = await api.json({ store: true });
  const { promptTokens: alone = 0 } = await api.say({}, 1);
  expect((await api.say({ previous_response_id: idOf(first) }, 1)).promptTokens).toBeGreaterThan(2 * alone - 30);
};

const conversed: Probe = async (api) => {
  const id = idOf((await post(api.call, "/v1/conversations", { model: undefined })).json);
  await api.json({ conversation: id, store: true });
  expect((await get(api.call, `/v1/conversations/${id}/items`)).json).toMatchObject({
    data: [{ role: "assistant" }, { role: "user" }],
  });
};

const inBackground: Probe = async (api) => {
  const { id, status } = created.parse(await api.json({ background: true, store: true }));
  expect(status).toBe("queued");
  await until(async () => created.parse((await get(api.call, `${PATHS.responses}/${id}`)).json).status === "incomplete");
};

const inResponsesAlone = (probe: Probe) =>
  ({
    ...{ openai: NONE, together: NONE, fireworks: NONE, completions: NONE },
    ...{ responses: probe, messages: NONE },
  }) as const;

/** The answer says as what it was served. */
const tiered =
  (tier: string): Probe =>
  async (api) => {
    await accepted({ service_tier: tier })(api);
    expect(await api.json({ service_tier: tier })).toMatchObject({ service_tier: tier });
  };

export const STATE_ROWS: readonly FeatureRow[] = [
  {
    feature: "kept and fetched again (`store`)",
    cells: { ...inResponsesAlone(kept), openai: ignored("store", true), messages: absent("store", true) },
  },
  { feature: "`previous_response_id`", cells: inResponsesAlone(goneOnFrom) },
  { feature: "conversations", cells: inResponsesAlone(conversed) },
  { feature: "`background`", cells: inResponsesAlone(inBackground) },
  {
    feature: "`metadata`",
    cells: {
      ...{ openai: ignored("metadata", { team: "a" }), together: NONE, fireworks: ignored("metadata", { team: "a" }), completions: NONE },
      responses: async (api) => {
        expect(await api.json({ metadata: { team: "a" } })).toMatchObject({ metadata: { team: "a" } });
      },
      messages: async (api) => {
        expect(await api.ignored({ metadata: { user_id: "a" } })).toEqual([]);
      },
    },
  },
  {
    feature: "`service_tier`",
    cells: {
      ...{ openai: tiered("flex"), together: NONE, fireworks: tiered("priority"), completions: NONE },
      ...{ responses: tiered("priority"), messages: accepted({ service_tier: "auto" }) },
    },
  },
];
