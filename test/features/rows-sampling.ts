import { expect } from "vitest";
import type { Body } from "./api-calls.ts";
import { absent, accepted, allApis, also, chatDialects, completionApis, type FeatureRow, type Probe } from "./feature-row.ts";
import type { ApiName, ProbedApi, Said } from "./probed-api.ts";

const likeliest = new Map<ApiName, Promise<Said>>();

/** Asked once. */
function sayLikeliest(api: ProbedApi): Promise<Said> {
  const said = likeliest.get(api.name) ?? api.say({});
  likeliest.set(api.name, said);
  return said;
}

/** What leaves one token to choose from gives the likeliest one, however hot. */
const leavesOne =
  (fields: Body): Probe =>
  async (api) => {
    const { text } = await sayLikeliest(api);
    expect((await api.say({ ...fields, temperature: 1 })).text).toBe(text);
  };

/** The likeliest first token is ruled out. */
const biased: Probe = async (api) => {
  const first = api.name === "completions" ? { " a": 253 } : { A: 49 };
  const [[text, id] = []] = Object.entries(first);
  expect((await api.say({}, 1)).text).toBe(text);
  expect((await api.say({ logit_bias: { [String(id)]: -100 } }, 1)).text).not.toBe(text);
};

const none = (field: string, value: unknown) => ({ responses: absent(field, value), messages: absent(field, value) });
/** Fields of Together and Fireworks. */
const vendors = (probe: Probe) => ({ openai: also(probe), together: probe, fireworks: probe, completions: also(probe) });
const fireworks = (probe: Probe) => ({ ...vendors(probe), together: also(probe) });

const oneOfTopK = leavesOne({ top_k: 1 });

export const SAMPLING_ROWS: readonly FeatureRow[] = [
  { feature: "`temperature`, `top_p`", cells: allApis(leavesOne({ top_p: 0.01 })) },
  { feature: "`top_k`", cells: { ...vendors(oneOfTopK), responses: absent("top_k", 1), messages: oneOfTopK } },
  { feature: "`min_p`", cells: { ...vendors(leavesOne({ min_p: 1 })), ...none("min_p", 1) } },
  { feature: "`typical_p`", cells: { ...fireworks(accepted({ typical_p: 0.9 })), ...none("typical_p", 0.9) } },
  {
    feature: "`presence_penalty`, `frequency_penalty`",
    cells: {
      ...completionApis(accepted({ presence_penalty: 0.5, frequency_penalty: 0.5 })),
      responses: accepted({ presence_penalty: 0.5, frequency_penalty: 0.5 }),
      messages: absent("presence_penalty", 0.5),
    },
  },
  { feature: "`repetition_penalty`", cells: { ...vendors(accepted({ repetition_penalty: 1.2 })), ...none("repetition_penalty", 1.2) } },
  {
    feature: "Mirostat (`mirostat_target`, `mirostat_lr`)",
    cells: { ...fireworks(accepted({ mirostat_target: 4, mirostat_lr: 0.2 })), ...none("mirostat_target", 4) },
  },
  { feature: "`logit_bias`", cells: { ...chatDialects(biased), completions: biased, ...none("logit_bias", { 1: 1 }) } },
  { feature: "`ignore_eos`", cells: { ...fireworks(accepted({ ignore_eos: true })), ...none("ignore_eos", true) } },
];
