import { errorBody, fireworksErrorBody } from "@bonfire/protocol/error-body";
import { messagesError } from "@bonfire/protocol/message-events";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { FEATURE_BODIES } from "./testing/feature-bodies.ts";
import { mutatedJson } from "./testing/mutated-json.ts";
import { serveEverything } from "./testing/serve-everything.ts";

type Sent = (typeof FEATURE_BODIES)[number];
type Everything = Awaited<ReturnType<typeof serveEverything>>;

let api: Everything;
beforeAll(async () => {
  api = await serveEverything();
}, 60_000);
afterAll(() => api.close(), 60_000);

/** For one endpoint; fast-check prints the seed of a failure and the body it shrank to. */
const FUZZING = { numRuns: 60, interruptAfterTimeLimit: 1_000, markInterruptAsFailure: false };
/** Of the processor, so that a busy machine makes no difference. */
const MOST_CPU_MS = 5_000;
/** Codes of 400 that are always about one field. */
const OF_A_FIELD = new Set(["missing_required_parameter", "unknown_parameter", "unsupported_parameter"]);

async function send({ method, path }: Pick<Sent, "method" | "path">, body: string): Promise<{ status: number; text: string }> {
  const headers = { "content-type": "application/json", authorization: "Bearer any" };
  const response = await fetch(`${api.url}${path}`, { method, headers, body });
  return { status: response.status, text: await response.text() };
}

function failureOf(path: string): z.ZodType {
  if (path.startsWith("/v1/messages")) return messagesError;
  return path.startsWith("/inference/") ? fireworksErrorBody : errorBody;
}

/** Where the two shapes of an error have them. */
function readFailure(text: string): { code: unknown; param: unknown } {
  const { error } = Object(JSON.parse(text));
  const { code, param, details } = Object(error);
  return { code: code ?? details?.error_code, param: param ?? details?.param ?? null };
}

async function expectNoHarm(sent: Sent, body: string): Promise<void> {
  const before = process.cpuUsage();
  const { status, text } = await send(sent, body);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(MOST_CPU_MS);
  expect(text).not.toContain("internal_error");
  if (status >= 400) {
    expect(failureOf(sent.path).safeParse(JSON.parse(text)).error).toBeUndefined();
    const { code, param } = readFailure(text);
    if (status >= 500) expect({ status, code }).toEqual({ status: 502, code: "invalid_model_output" });
    if (typeof code === "string" && OF_A_FIELD.has(code)) expect(param).toEqual(expect.any(String));
    expect(text.length).toBeLessThan(5_000);
  }
  const plain = await send({ method: "POST", path: "/v1/completions" }, '{"model":"m","prompt":"one","max_tokens":1}');
  expect(plain.status).toBe(200);
}

describe.each(FEATURE_BODIES)("$method $path", (sent) => {
  it("takes the bodies that are right", async () => {
    for (const body of sent.bodies) {
      const { status, text } = await send(sent, JSON.stringify(body));
      expect(status, text).toBeOneOf([200, 201]);
    }
  });

  it("refuses or answers what is mutated, and serves the next request", async () => {
    const mutated = fc.constantFrom(...sent.bodies).chain(mutatedJson);
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 8, arbitrary: mutated }, fc.json()), (body) => expectNoHarm(sent, body)),
      FUZZING,
    );
  });
});
