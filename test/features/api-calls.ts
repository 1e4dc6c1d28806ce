import { z } from "zod";
import { MODEL } from "../shared-platform.ts";

/** Of the platform that all files share: for a path such as `/v1/models`. */
export type Call = (path: string, init?: RequestInit) => Promise<Response>;

export type Body = Readonly<Record<string, unknown>>;

/** What a request was answered with. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

const CHAT = "/chat/completions";
const COMPLETIONS = "/completions";
const BASES = { openai: "/v1", together: "/together/v1", fireworks: "/inference/v1" } as const;
export type DialectName = keyof typeof BASES;
export const DIALECTS = ["openai", "together", "fireworks"] as const satisfies readonly DialectName[];

/** Where the dialects speak the two endpoints that they share, and where the two others are. */
export const PATHS = {
  chat: (dialect: DialectName) => BASES[dialect] + CHAT,
  completions: (dialect: DialectName) => BASES[dialect] + COMPLETIONS,
  models: (dialect: DialectName) => `${BASES[dialect]}/models`,
  responses: "/v1/responses",
  messages: "/v1/messages",
} as const;

export async function post(call: Call, path: string, fields: Body): Promise<Answer> {
  const response = await send(call, path, fields);
  return { status: response.status, headers: response.headers, json: await response.json() };
}

export async function get(call: Call, path: string): Promise<Answer> {
  const response = await call(path);
  return { status: response.status, headers: response.headers, json: await response.json() };
}

/** @throws when the answer is no success. */
export async function postWell(call: Call, path: string, fields: Body): Promise<unknown> {
  const { status, json } = await post(call, path, fields);
  if (status !== 200) throw new Error(`POST ${path} ${JSON.stringify(fields)} was answered with ${status}: ${JSON.stringify(json)}`);
  return json;
}

/** The data of the frames of a stream, without `[DONE]`. @throws when there is no stream. */
export async function postStreamed(call: Call, path: string, fields: Body): Promise<unknown[]> {
  const response = await send(call, path, { ...fields, stream: true });
  const text = await response.text();
  const type = response.headers.get("content-type");
  if (!type?.startsWith("text/event-stream"))
    throw new Error(`POST ${path} ${JSON.stringify(fields)} was answered with ${response.status}, ${type}: ${text}`);
  const data = text.split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice("data: ".length)] : []));
  return data.filter((line) => line !== "[DONE]").map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
}

function send(call: Call, path: string, fields: Body): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify({ model: MODEL, ...fields }) });
}

/** As many at once as the engine has slots. @returns the results in the order of the values. */
export async function eachAtOnce<Value, Result>(values: readonly Value[], use: (value: Value) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...values.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await use(next[1]);
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return results;
}
