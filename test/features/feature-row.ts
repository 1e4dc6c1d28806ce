import { expect } from "vitest";
import type { Body } from "./api-calls.ts";
import type { ApiName, ProbedApi } from "./probed-api.ts";

/** @returns what the cell says where that is not "✓". @throws when the API does not do what is expected of it. */
export type Probe = (api: ProbedApi) => Promise<string | undefined>;

/** Without a probe there is nothing that could be sent. */
export const NONE = "—" as const;

/** A row of the table: a feature, and how each API is tried. */
export interface FeatureRow {
  readonly feature: string;
  readonly cells: Readonly<Record<ApiName, Probe | typeof NONE>>;
}

export type Cells = Readonly<Record<ApiName, string>>;

export const chatDialects = <Tried extends Probe | typeof NONE>(probe: Tried) => ({ openai: probe, together: probe, fireworks: probe });
export const completionApis = <Tried extends Probe | typeof NONE>(probe: Tried) => ({ ...chatDialects(probe), completions: probe });
export const allApis = (probe: Probe) => ({ ...completionApis(probe), responses: probe, messages: probe });

/** The API has no such field, but it does here what it does elsewhere. */
export const also =
  (probe: Probe): Probe =>
  async (api) => {
    await probe(api);
    return "also";
  };

const UNKNOWN = expect.stringMatching(/^(unknown|unsupported)_parameter$/);

/** The API has no such field, and it is refused by its name. */
export const absent =
  (field: string, value: unknown): Probe =>
  async (api) => {
    expect(await api.failure({ [field]: value })).toMatchObject({ status: 400, code: UNKNOWN, param: field });
    return NONE;
  };

/** The API has the field; here it is refused by its name. */
export const refused =
  (fields: Body, param: string): Probe =>
  async (api) => {
    expect(await api.failure(fields)).toMatchObject({ status: 400, param });
    return "refused";
  };

/** The API has the field; here it has no effect, and the header says so. */
export const ignored =
  (field: string, value: unknown): Probe =>
  async (api) => {
    expect(await api.ignored({ [field]: value })).toContain(field);
    return "ignored";
  };

/** The request is answered, and nothing of it is ignored. */
export const accepted =
  (fields: Body): Probe =>
  async (api) => {
    const { headers, json } = await api.answer(fields);
    expect(api.read(json)).toMatchObject({ text: expect.stringMatching(/./), tokens: 2 });
    expect(headers.get("x-bonfire-ignored")).toBeNull();
  };
