import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endAll } from "../bonfire-process.ts";
import { CASES, SECTIONS } from "../chaos/all-cases.ts";
import type { ChaosCase } from "../chaos/chaos-case.ts";
import { type ChaosPlatform, startChaosPlatform } from "../chaos/chaos-platform.ts";
import { expectedOf, summaryOf } from "../chaos/expected-summary.ts";
import { itLeavesNothing } from "../chaos/leaves-nothing.ts";
import { ENDLESS_LIST_CASES, expectListIsTold } from "../chaos/list-cases.ts";
import { MODES, type Observation, type Tried } from "../chaos/observe-case.ts";
import { tryCases } from "../chaos/try-cases.ts";

let chaosPlatform: ChaosPlatform;
let observationOf: (tried: Tried) => Promise<Observation>;
beforeAll(async () => {
  chaosPlatform = await startChaosPlatform();
  observationOf = await tryCases(CASES.flatMap(trialsOf), chaosPlatform);
});
afterAll(async () => {
  await endAll();
  await chaosPlatform.close();
});

const trialsOf = (chaos: ChaosCase) => MODES.map((mode) => ({ chaos, mode, setting: "backed" as const }));

describe.each(SECTIONS)("$title: with a healthy deployment behind it, an upstream that", ({ cases }) => {
  describe.each(cases)("$does", (chaos) => {
    it.each(trialsOf(chaos))("($mode)", async (tried) => {
      expect(summaryOf(await observationOf(tried), tried)).toEqual(expectedOf(tried));
    });
  });
});

it.concurrent.each(ENDLESS_LIST_CASES)(
  "a list of models that $does is told to operators, and the models of the definition work",
  async (list) => {
    await expectListIsTold(list, chaosPlatform);
  },
);

itLeavesNothing(() => chaosPlatform, CASES.length);
