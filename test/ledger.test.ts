import { describe, expect, it } from "vitest";
import { sendJson } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { meterEachTest, REPLICA_MODEL } from "./metered-platform.ts";

const metered = meterEachTest();

describe("the ledger", () => {
  it("has a row for each attempt, however it ended, and the metrics have the same sums", async () => {
    const setting = metered();
    const platform = await setting.start();
    const ask = (path: string, body: object, signal?: AbortSignal) =>
      fetch(`${platform.baseUrl}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${setting.key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: REPLICA_MODEL, ...body }),
        ...(signal === undefined ? {} : { signal }),
      });
    const messages = [{ role: "user", content: "one two three" }];

    await (await ask("/chat/completions", { messages, max_tokens: 5 })).text();
    await (await ask("/chat/completions", { messages, max_tokens: 4, stream: true })).text();
    await (await ask("/completions", { prompt: ["a b", "c d e f"], max_tokens: 2 })).text();

    const leave = new AbortController();
    const left = await ask("/chat/completions", { messages, stream: true }, leave.signal);
    await left.body?.getReader().read();
    leave.abort();
    await until(() => setting.replica.busy() === 0);

    setting.replica.script = async ({ response }) => sendJson(response, 500, { error: { message: "broken", type: "server_error" } });
    expect((await ask("/chat/completions", { messages })).status).toBe(502);
    // Refused before an attempt was made.
    expect((await ask("/chat/completions", { messages, max_tokens: -1 })).status).toBe(400);
    expect((await ask("/chat/completions", { model: "nobody", messages })).status).toBe(404);

    await until(async () => (await setting.rows()).length === 8);
    const rows = await setting.rows();
    expect(rows).toMatchObject([
      { endpoint: "chat.completions", streamed: false, outcome: "succeeded", prompt: 3, completion: 5, usage_source: "provider" },
      { endpoint: "chat.completions", streamed: true, outcome: "succeeded", prompt: 3, completion: 4, finish_reason: "length" },
      { endpoint: "completions", attempt: 1, outcome: "succeeded", prompt: 2, completion: 2 },
      { endpoint: "completions", attempt: 2, outcome: "succeeded", prompt: 4, completion: 2 },
      { outcome: "cancelled", usage_source: "estimated" },
      // Nothing has been shown of it, and nobody else is there: it is made three times.
      ...[1, 2, 3].map((attempt) => ({
        attempt,
        outcome: "failed",
        error_code: expect.any(String),
        completion: null,
        usage_source: "none",
      })),
    ]);
    expect(rows[2]?.request_id).toBe(rows[3]?.request_id);
    expect(rows[4]?.completion).toBeGreaterThan(0);
    expect(setting.replica.calls.map(({ headers }) => headers["x-request-id"])).toEqual(rows.map(({ request_id }) => request_id));

    const metrics = await (
      await fetch(new URL("/metrics", platform.baseUrl), { headers: { authorization: `Bearer ${setting.key}` } })
    ).text();
    const sumOf = (name: string, label: string): number =>
      metrics
        .split("\n")
        .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    for (const outcome of ["succeeded", "cancelled", "failed", "interrupted"]) {
      expect(sumOf("bonfire_attempts_total", `outcome="${outcome}"`)).toBe(rows.filter((row) => row.outcome === outcome).length);
    }
    const total = (counts: readonly (number | null)[]): number => counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    expect(sumOf("bonfire_tokens_total", '_prompt"')).toBe(total(rows.map(({ prompt }) => prompt)));
    expect(sumOf("bonfire_tokens_total", 'class="completion"')).toBe(total(rows.map(({ completion }) => completion)));
  });
});
