import { describe, expect, it } from "vitest";
import { chooseBySession } from "./affinity.ts";
import { candidateOf, chooseCandidate } from "./choose-candidate.ts";
import { DeploymentBoard } from "./deployment-board.ts";
import { PrefixIndex } from "./prefix-index.ts";
import type { Route, RoutedRequest } from "./route.ts";
import { candidateNamed, nameOf, requestWith, targetNamed } from "./testing/sample-routes.ts";
import { seededRandom } from "./testing/seeded-random.ts";

const CANDIDATES = ["a", "b", "c", "d"].map((name) => candidateNamed(name));
const PROMPT = "A long prompt that many share. ".repeat(20);

function namesOf(
  affinity: Route["affinity"],
  { request = {}, prefixes = new PrefixIndex(), candidates = CANDIDATES }: Partial<Situation> = {},
): ReadonlySet<string | undefined> {
  const random = seededRandom(3);
  const choice = { route: { policy: "weighted" as const, affinity }, request: requestWith(request), prefixes, random };
  return new Set(Array.from({ length: 50 }, () => nameOf(chooseCandidate(candidates, choice))));
}
interface Situation {
  readonly request: Partial<RoutedRequest>;
  readonly prefixes: PrefixIndex;
  readonly candidates: typeof CANDIDATES;
}

describe("affinity by session", () => {
  it("keeps a session at one deployment", () => {
    expect([...namesOf("session", { request: { session: "s1" } })]).toEqual([nameOf(chooseBySession("s1", CANDIDATES))]);
  });

  it("leaves requests without a session to the policy", () => {
    expect(namesOf("session").size).toBe(4);
  });
});

describe("affinity by prefix", () => {
  it("goes where the beginning was served last", () => {
    for (const name of ["a", "b", "c", "d"]) {
      const prefixes = new PrefixIndex();
      prefixes.note(PROMPT, name);
      expect([...namesOf("prefix", { request: { promptText: () => `${PROMPT}And a question.` }, prefixes })]).toEqual([name]);
    }
  });

  it("leads prompts that begin alike to one deployment, which every gateway finds, where nothing is known", () => {
    const names = namesOf("prefix", { request: { promptText: () => PROMPT } });
    expect(names.size).toBe(1);
    expect(namesOf("prefix", { request: { promptText: () => `${PROMPT}More.` }, prefixes: new PrefixIndex() })).toEqual(names);
  });

  it.each([
    ["is not there any more", CANDIDATES.slice(1)],
    ["has too many requests", CANDIDATES.map((candidate, index) => ({ ...candidate, inFlight: index === 0 ? 20 : 0 }))],
    [
      "is used only where others fail",
      CANDIDATES.map((each, index) => candidateNamed(nameOf(each) ?? "", { weight: index === 0 ? 0 : 1 })),
    ],
  ])("goes elsewhere when who served it %s", (_, candidates) => {
    const prefixes = new PrefixIndex();
    prefixes.note(PROMPT, "a");
    const names = namesOf("prefix", { request: { promptText: () => PROMPT }, prefixes, candidates });
    expect(names.size).toBe(1);
    expect(names).not.toContain("a");
  });

  it("leaves an empty prompt to the policy", () => {
    expect(namesOf("prefix").size).toBe(4);
  });
});

describe("no affinity", () => {
  it("asks for no prompt and heeds no session", () => {
    const promptText = () => {
      throw new Error("Nobody needs the prompt.");
    };
    expect(namesOf("none", { request: { session: "s1", promptText } }).size).toBe(4);
  });
});

it("a candidate is a target with what its deployment's health says now", () => {
  const board = new DeploymentBoard();
  const health = board.of("up/m");
  const first = health.begin(1_000);
  first.answered(1_250);
  first.release(1_300);
  health.begin(1_400);
  const target = targetNamed("up/m", 3);
  expect(candidateOf(target, health, 1_250)).toEqual({ target, inFlight: 1, firstTokenMs: 250 });
});
