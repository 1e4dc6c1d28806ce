import { setTimeout as delay } from "node:timers/promises";
import { upstream } from "@bonfire/protocol/upstreams";
import { expect } from "vitest";
import { head, jsonAnswer, SAID, wholeAnswer } from "./answers.ts";
import type { ChaosPlatform } from "./chaos-platform.ts";
import type { Answer } from "./chaos-server.ts";
import { upstreamResource } from "./observe-case.ts";

/** An upstream whose own list of models is at fault. */
interface ListCase {
  readonly name: string;
  /** Goes on from "A list of models that". */
  readonly does: string;
  readonly answer: Answer;
  /** What operators are told. */
  readonly told: RegExp;
}

/** As long as somebody reads. */
const endless =
  (first: string, part: string, everyMs: number): Answer =>
  async ({ wire }) => {
    await wire.send(head(200, { "content-type": "application/json" }) + first);
    while (wire.isOpen) {
      await wire.send(part);
      await delay(everyMs);
    }
  };

export const LIST_CASES: readonly ListCase[] = [
  {
    name: "list-html",
    does: "is a page of HTML",
    answer: wholeAnswer(200, { "content-type": "text/html" }, "<html></html>"),
    told: /cannot be read/,
  },
  { name: "list-half", does: "is half a JSON text", answer: wholeAnswer(200, {}, '{"data":[{"id":"a"}'), told: /cannot be read/ },
  { name: "list-strange", does: "is JSON of another shape", answer: jsonAnswer(200, { models: 7 }), told: /cannot be read/ },
  { name: "list-error", does: "is a 500", answer: jsonAnswer(500, { error: "no" }), told: /status 500/ },
];

/** Those that are waited for: 15 s. */
export const ENDLESS_LIST_CASES: readonly ListCase[] = [
  { name: "list-silent", does: "never comes", answer: () => undefined, told: /did not answer in time/ },
  { name: "list-drips", does: "never ends", answer: endless('{"data":[', " ", 200), told: /did not answer in time/ },
];

/** An upstream with such a list is made: its operator is told, and the models of its definition work. */
export async function expectListIsTold({ name, answer, told }: ListCase, platform: ChaosPlatform): Promise<void> {
  platform.server.misbehave(name, { answer });
  const made = await platform.call("PUT", `/admin/v1/upstreams/${name}`, upstreamResource(name, { ...platform, hasList: true }));
  expect(upstream.parse(await made.json())).toMatchObject({ listed_models: 0, list_error: expect.stringMatching(told) });
  platform.server.heal(name);
  expect(await platform.ask({ model: `${name}/m` })).toMatchObject({ status: 200, text: SAID });
}
