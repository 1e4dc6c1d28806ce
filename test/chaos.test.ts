import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { endAll } from "./bonfire-process.ts";
import { CASES, ONE_OF_EACH_OUTCOME, SECTIONS } from "./chaos/all-cases.ts";
import { ROLE, SAID, sse, streamAnswer, TEXT } from "./chaos/answers.ts";
import { eventData } from "./chaos/asked-answer.ts";
import type { CaseSection, ChaosCase } from "./chaos/chaos-case.ts";
import { type ChaosPlatform, startChaosPlatform } from "./chaos/chaos-platform.ts";
import { expectedOf, summaryOf } from "./chaos/expected-summary.ts";
import { renderFailuresPage } from "./chaos/failures-page.ts";
import { itLeavesNothing } from "./chaos/leaves-nothing.ts";
import { expectListIsTold, LIST_CASES } from "./chaos/list-cases.ts";
import { MODES, type Observation, type Setting, type Tried } from "./chaos/observe-case.ts";
import { KEYS_AND_LIMITS } from "./chaos/status-cases.ts";
import { tryCases } from "./chaos/try-cases.ts";
import { letWait, PHASES } from "./chaos/waiting-answers.ts";

const PAGE = fileURLToPath(new URL("../docs/failures.md", import.meta.url));
const WRITES_PAGE = process.env.BONFIRE_WRITE_DOCS === "1";
/** Of a hang-up, on a machine that is busy. */
const A_MOMENT_MS = 3_000;
/** Names of upstreams that are met one call at a time. */
const [LEFT, CANCELLED, DIALECTS] = ["left", "cancelled", "dialects"];

let chaosPlatform: ChaosPlatform;
let observationOf: (tried: Tried) => Promise<Observation>;
beforeAll(async () => {
  chaosPlatform = await startChaosPlatform();
  observationOf = await tryCases(CASES.flatMap(trialsOf), chaosPlatform, [LEFT, CANCELLED, DIALECTS]);
});
afterAll(async () => {
  await endAll();
  await chaosPlatform.close();
});

/** With one deployment; all of them with a healthy one behind it: `test/long/chaos-fallback.test.ts`. */
function trialsOf(chaos: ChaosCase): readonly Tried[] {
  const settings: readonly Setting[] = ONE_OF_EACH_OUTCOME.includes(chaos) ? ["alone", "backed"] : ["alone"];
  return MODES.flatMap((mode) => settings.map((setting) => ({ chaos, mode, setting })));
}

describe.each(SECTIONS.filter((section) => section !== KEYS_AND_LIMITS))("$title: an upstream that", itIsSeen);

it.each(LIST_CASES)("a list of models that $does is told to operators, and the models of the definition work", async (list) => {
  await expectListIsTold(list, chaosPlatform);
});

describe.each(PHASES)("a client that hangs up $name", (phase) => {
  it.each(MODES)("leaves nothing running at the upstream (%s)", async (mode) => {
    const { server, ask, lastRow } = chaosPlatform;
    const { begun, isGone } = letWait(server, LEFT, phase);
    const hangUp = new AbortController();
    const asked = ask({ model: `${LEFT}/m`, stream: mode === "streamed" }, hangUp.signal);
    asked.catch(() => undefined);
    await begun;
    hangUp.abort(new Error("The client hangs up."));
    await until(isGone, A_MOMENT_MS);
    await until(async () => (await lastRow(`${LEFT}/m`))?.seen === server.asked(LEFT));
    expect(await lastRow(`${LEFT}/m`)).toMatchObject({ outcome: "cancelled" });
    server.heal(LEFT);
    expect(await ask({ model: `${LEFT}/m` })).toMatchObject({ status: 200, text: SAID });
  });

  it.each([
    ["POST", "/cancel"],
    ["DELETE", ""],
  ])("does so too with a response in the background, by %s …%s", async (method, path) => {
    const { server, call, lastRow } = chaosPlatform;
    const { begun, isGone } = letWait(server, CANCELLED, phase);
    const answer = await call("POST", "/v1/responses", { model: `${CANCELLED}/m`, input: "Say hello.", background: true, store: true });
    const { id } = z.object({ id: z.string() }).parse(await answer.json());
    await begun;
    expect((await call(method, `/v1/responses/${id}${path}`)).status).toBe(200);
    await until(isGone, A_MOMENT_MS);
    await until(async () => (await lastRow(`${CANCELLED}/m`))?.seen === server.asked(CANCELLED));
    expect(await lastRow(`${CANCELLED}/m`)).toMatchObject({ outcome: "cancelled" });
    server.heal(CANCELLED);
  });
});

describe("a stream that breaks off after its first content", () => {
  it.each([
    ["/v1/completions", { prompt: "Say hello." }, { error: { code: "upstream_error" } }],
    ["/v1/messages", { messages: [{ role: "user", content: "Say hello." }], max_tokens: 10 }, { type: "error" }],
    ["/v1/responses", { input: "Say hello.", store: false }, { type: "response.failed" }],
  ])("ends with an error, and with nothing else, at %s", async (path, body, last) => {
    const { server, call } = chaosPlatform;
    const text = path === "/v1/completions" ? sse({ choices: [{ index: 0, text: "Hello", finish_reason: null }] }) : ROLE + TEXT;
    server.misbehave(DIALECTS, { answer: streamAnswer(text) });
    const answer = await call("POST", path, { model: `${DIALECTS}/m`, stream: true, ...body });
    expect(answer.status).toBe(200);
    const data = eventData(await answer.text());
    expect(JSON.parse(data.at(-1) ?? "")).toMatchObject(last);
    expect(data.join("\n")).not.toMatch(/\[DONE\]|message_stop|response\.completed|"finish_reason":"/);
  });
});

// Behind the others: refused keys rest for ten seconds meanwhile.
describe.each([KEYS_AND_LIMITS])("$title: an upstream that", itIsSeen);

itLeavesNothing(() => chaosPlatform, CASES.length);

it("docs/failures.md says what was found; BONFIRE_WRITE_DOCS=1 writes it", () => {
  const page = renderFailuresPage(SECTIONS);
  if (WRITES_PAGE) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8")).toBe(page);
});

function itIsSeen({ cases }: CaseSection): void {
  describe.each(cases)("$does", (chaos) => {
    it.each(trialsOf(chaos))("($mode, $setting)", async (tried) => {
      expect(summaryOf(await observationOf(tried), tried)).toEqual(expectedOf(tried));
    });
  });
}
