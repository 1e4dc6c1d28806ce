import { type RouteDefinition, routeDefinition } from "@bonfire/protocol/routes";
import { describe, expect, it } from "vitest";
import { EngineError } from "../engine/engine-error.ts";
import type { GenerateRequest } from "../engine/generation.ts";
import type { AttemptFacts, AttemptResult } from "../metering/attempt.ts";
import { TRACING_OFF } from "../observability/tracing.ts";
import type { RoutedRequest } from "../routing/route.ts";
import type { Decision } from "./decision.ts";
import { ModelDirectory } from "./model-directory.ts";
import type { Generate } from "./serving.ts";
import { END, type ScriptedDeployment, START, STOP, says, scriptedDeployment, word } from "./testing/scripted-deployment.ts";
import { PLAIN_REQUEST, serveDirectory } from "./testing/serve-client.ts";

const REQUEST: GenerateRequest = { prompt: { kind: "text", text: "a" }, choices: 1, stop: [] };
const UNREACHABLE = new EngineError("unreachable", "Nobody listens.");

type RowOfAttempt = Pick<AttemptFacts, "deployment" | "attempt" | "cause"> & Partial<Pick<AttemptResult, "outcome" | "errorCode">>;

/** A route called `r` over these deployments, the first group unless `groups` says otherwise. */
function setUp(scripted: readonly ScriptedDeployment[], route: Partial<Omit<RouteDefinition, "model">> = {}) {
  const directory = new ModelDirectory();
  for (const { deployment } of scripted) directory.add({ id: deployment.model, aliases: [], deployment });
  const groups = scripted.map(({ deployment }) => ({ deployments: [{ deployment: deployment.name }] }));
  const definition = routeDefinition.parse({ model: "r", groups, ...route });
  directory.useRoutes({ routes: new Map([["r", definition]]), wildcard: () => undefined });
  const rows: RowOfAttempt[] = [];
  const ledger = {
    begin: ({ deployment, attempt, cause }: AttemptFacts) => {
      const row: RowOfAttempt = { deployment, attempt, cause };
      rows.push(row);
      return { id: "att_1", end: ({ outcome, errorCode }: AttemptResult) => void Object.assign(row, { outcome, errorCode }) };
    },
  };
  const draining = new Set<string>();
  const { serving, queues, board } = serveDirectory({ directory, ledger, isDraining: (name) => draining.has(name) });
  const ask = (given: Partial<Generate> & { signal?: AbortSignal; routed?: RoutedRequest } = {}) => {
    const { signal = new AbortController().signal, ...rest } = given;
    const decisions: Decision[] = [];
    const events = serving.generate(
      {
        model: serving.find("r"),
        requests: [REQUEST],
        routed: PLAIN_REQUEST,
        promptParam: "prompt",
        origin: originOf("key_1"),
        onDecision: (decision) => void decisions.push(decision),
        ...rest,
      },
      signal,
    );
    const text = async () => {
      let said = "";
      for await (const event of events) if (event.type === "text-delta") said += event.text;
      return said;
    };
    return { events, text, decisions };
  };
  return { ask, rows, draining, queues, board, serving };
}

function originOf(keyId: string): Generate["origin"] {
  const trace = TRACING_OFF.startRequest({ headers: {}, method: "POST", route: "/v1/completions", requestId: "req_1", arrivedAt: 0 });
  const ids = { requestId: "req_1", accountId: "a", projectId: "p", keyId };
  return { ...ids, endpoint: "completions", streamed: false, onAttempt: () => undefined, trace };
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("an attempt that fails before its first content", () => {
  it("is followed by one at the next deployment, and both stand in the ledger", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([UNREACHABLE]);
    const { ask, rows } = setUp([one, two]);
    const { text, decisions } = ask();
    expect(await text()).toBe("two/m");
    expect(rows).toEqual([
      { deployment: "one/m", attempt: 1, cause: "first", outcome: "failed", errorCode: "unreachable" },
      { deployment: "two/m", attempt: 2, cause: "fallback", outcome: "succeeded", errorCode: null },
    ]);
    expect(decisions.at(-1)).toMatchObject({ deployment: "two/m", attempts: 2 });
  });

  it("has shown the client nothing, whatever it sent of an empty beginning", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([{ type: "start", upstreamId: undefined, promptTokens: 7 }, word(""), new EngineError("interrupted", "gone")]);
    const { ask } = setUp([one, two]);
    const seen = [];
    for await (const event of ask().events) seen.push(event);
    expect(seen).toEqual([START, word("two/m"), STOP, END]);
  });

  it("is made once more at the only deployment there is, after a pause", async () => {
    const one = scriptedDeployment("one/m");
    one.play([new EngineError("interrupted", "gone")], says("better"));
    const { ask, rows } = setUp([one]);
    expect(await ask().text()).toBe("better");
    expect(rows.map(({ cause }) => cause)).toEqual(["first", "retry"]);
  });

  it("is made at once with another key of the same upstream", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([new EngineError("rate-limited", "slow down", { hasOtherCredentials: true })], says("other key"));
    const { ask } = setUp([one, two]);
    expect(await ask().text()).toBe("other key");
    expect(two.asked).toHaveLength(0);
  });

  it("is the client's own mistake and not repeated", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([new EngineError("invalid-request", "no such thing", { param: "top_k" })]);
    const { ask } = setUp([one, two]);
    await expect(ask().text()).rejects.toMatchObject({ status: 400, param: "top_k" });
    expect(two.asked).toHaveLength(0);
  });

  it("for what the deployment lacks is followed by one that may have it, or is the client's to mend", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([new EngineError("unsupported", "It has no top_k.", { param: "top_k" })]);
    expect(await setUp([one, two]).ask().text()).toBe("two/m");
    await expect(setUp([one]).ask().text()).rejects.toMatchObject({ status: 400, param: "top_k" });
  });

  it("is not repeated for a class that the route leaves out, nor more often than it says", async () => {
    const all = ["one/m", "two/m", "three/m"].map((name) => scriptedDeployment(name));
    for (const { play } of all) play([UNREACHABLE]);
    const classes = setUp(all, { retries: { attempts: 3, on: ["timeout"] } });
    await expect(classes.ask().text()).rejects.toMatchObject({ code: "model_unavailable" });
    expect(classes.rows).toHaveLength(1);
    const count = setUp(all, { retries: { attempts: 2, on: ["connect"] } });
    await expect(count.ask().text()).rejects.toMatchObject({ code: "model_unavailable" });
    expect(count.rows).toHaveLength(2);
  });
});

it("a failure behind the first content is the client's to see, and nobody else is asked", async () => {
  const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
  one.play([START, word("half"), new EngineError("interrupted", "gone")]);
  const { ask, rows } = setUp([one, two]);
  await expect(ask().text()).rejects.toMatchObject({ code: "upstream_error" });
  expect(rows).toMatchObject([{ outcome: "failed", errorCode: "interrupted" }]);
});

describe("an answer that the client sees as a whole", () => {
  const isSeenWhole = true;

  it("is made anew by another deployment when it breaks off, and nothing of the first one stays", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([START, word("half"), new EngineError("interrupted", "gone")]);
    const { ask, rows } = setUp([one, two]);
    const { text, decisions } = ask({ isSeenWhole });
    expect(await text()).toBe("two/m");
    expect(rows).toEqual([
      { deployment: "one/m", attempt: 1, cause: "first", outcome: "failed", errorCode: "interrupted" },
      { deployment: "two/m", attempt: 2, cause: "fallback", outcome: "succeeded", errorCode: null },
    ]);
    expect(decisions.at(-1)).toMatchObject({ deployment: "two/m", attempts: 2 });
  });

  it("gives its place back when it is whole, though nobody has read it yet", async () => {
    const one = scriptedDeployment("one/m", { maxConcurrent: 1 });
    const { ask } = setUp([one]);
    const unread = ask({ isSeenWhole }).events[Symbol.asyncIterator]();
    await unread.next();
    expect(await ask().text()).toBe("one/m");
  });

  it("that is very long is not held in memory: it goes on, and can break off", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([START, ...Array.from({ length: 20_000 }, () => word("a")), new EngineError("interrupted", "gone")]);
    const { ask } = setUp([one, two]);
    await expect(ask({ isSeenWhole }).text()).rejects.toMatchObject({ code: "upstream_error" });
    expect(two.asked).toHaveLength(0);
  });
});

describe("a deployment that takes too long", () => {
  it("for its first content is left for the next one", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([START, "silence"]);
    const { ask, rows } = setUp([one, two], { timeouts: { first_token: "20ms" } });
    expect(await ask().text()).toBe("two/m");
    expect(rows[0]).toMatchObject({ outcome: "failed", errorCode: "timeout" });
    expect(one.stopped).toHaveLength(1);
  });

  it.each([
    ["between two events", { between_tokens: "20ms" }],
    ["for the whole", { total: "20ms" }],
  ])("%s fails the answer and is stopped", async (_, timeouts) => {
    const one = scriptedDeployment("one/m");
    one.play([START, word("half"), "silence"]);
    const { ask, rows } = setUp([one], { timeouts });
    await expect(ask().text()).rejects.toMatchObject({ code: "upstream_timeout", status: 504 });
    expect(rows).toMatchObject([{ outcome: "failed", errorCode: "timeout" }]);
    expect(one.stopped).toHaveLength(1);
  });
});

describe("a hedge", () => {
  const hedge = { after: "20ms", share: 0.2 } as const;
  const sideBySide = (deployments: readonly ScriptedDeployment[]) => ({
    groups: [{ deployments: deployments.map(({ deployment }, index) => ({ deployment: deployment.name, weight: index === 0 ? 1 : 0 })) }],
  });

  /** Enough requests that their share allows one. */
  async function saveUp(ask: ReturnType<typeof setUp>["ask"]): Promise<void> {
    for (let request = 0; request < 5; request++) await ask().text();
  }

  it("wins over a silent attempt, which is stopped; both stand in the ledger", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    const { ask, rows } = setUp([one, two], { ...sideBySide([one, two]), hedge });
    await saveUp(ask);
    one.play([START, "silence"]);
    const { text, decisions } = ask();
    expect(await text()).toBe("two/m");
    await waitUntil(() => one.stopped.length === 1);
    expect(rows.slice(-2)).toEqual([
      { deployment: "one/m", attempt: 1, cause: "first", outcome: "cancelled", errorCode: "hedge_lost" },
      { deployment: "two/m", attempt: 2, cause: "hedge", outcome: "succeeded", errorCode: null },
    ]);
    expect(decisions.at(-1)).toMatchObject({ deployment: "two/m", attempts: 2 });
  });

  it("loses to an attempt that answers after all", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    const { ask, rows } = setUp([one, two], { ...sideBySide([one, two]), hedge });
    await saveUp(ask);
    let answer = (): void => undefined;
    one.play([START, new Promise<void>((resolve) => (answer = resolve)), word("late"), STOP, END]);
    two.play([START, "silence"]);
    const said = ask().text();
    await waitUntil(() => two.asked.length === 1);
    answer();
    expect(await said).toBe("late");
    await waitUntil(() => two.stopped.length === 1);
    expect(rows.at(-1)).toMatchObject({ cause: "hedge", outcome: "cancelled", errorCode: "hedge_lost" });
  });

  it("is not made for more than its share of the requests", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    one.play([START, new Promise((resolve) => setTimeout(resolve, 60)), word("slow"), STOP, END]);
    const { ask } = setUp([one, two], { ...sideBySide([one, two]), hedge });
    expect(await ask().text()).toBe("slow");
    expect(two.asked).toHaveLength(0);
  });
});

describe("a deployment that keeps failing", () => {
  it("is left alone though it is the only one: requests fail at once and are told when to come back", async () => {
    const one = scriptedDeployment("one/m");
    one.play([UNREACHABLE]);
    const { ask } = setUp([one], { retries: { attempts: 1, on: [] } });
    for (let request = 0; request < 5; request++) await expect(ask().text()).rejects.toMatchObject({ code: "model_unavailable" });
    const asked = one.asked.length;
    await expect(ask().text()).rejects.toMatchObject({ status: 503, headers: { "retry-after": expect.stringMatching(/^[1-9]/) } });
    expect(one.asked).toHaveLength(asked);
  });

  it("that is drained takes no new requests, and what runs there ends", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/m")];
    const { ask, draining } = setUp([one, two]);
    let goOn = (): void => undefined;
    one.play([START, word("first "), new Promise<void>((resolve) => (goOn = resolve)), word("half"), STOP, END], says("one/m"));
    const running = ask().text();
    await waitUntil(() => one.asked.length === 1);
    draining.add("one/m");
    expect(await ask().text()).toBe("two/m");
    goOn();
    expect(await running).toBe("first half");
  });
});

describe("a busy deployment", () => {
  function busy() {
    const one = scriptedDeployment("one/m", { maxConcurrent: 1 });
    let end = (): void => undefined;
    one.play([START, word("first"), new Promise<void>((resolve) => (end = resolve)), STOP, END], says("second"));
    return { one, end: () => end() };
  }

  it("lets requests wait until a place is free, and tells how long that was", async () => {
    const { one, end } = busy();
    const { ask, queues } = setUp([one]);
    const first = ask().text();
    const { text, decisions } = ask();
    const second = text();
    await waitUntil(() => queues.waiting() === 1 && one.asked.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    end();
    expect(await Promise.all([first, second])).toEqual(["first", "second"]);
    expect(decisions.at(-1)?.queuedMs).toBeGreaterThan(0);
  });

  it("loses a waiting client that hangs up, without having heard of it", async () => {
    const { one, end } = busy();
    const { ask, queues } = setUp([one]);
    const first = ask().text();
    const client = new AbortController();
    const second = ask({ signal: client.signal }).text();
    await waitUntil(() => queues.waiting() === 1);
    client.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    expect(queues.waiting()).toBe(0);
    end();
    await first;
    expect(one.asked).toHaveLength(1);
  });
});

describe("the way of a request", () => {
  it("goes on to the models that it names as fallbacks", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/n")];
    one.play([UNREACHABLE]);
    const { ask, serving } = setUp([one], {});
    expect(two.asked).toHaveLength(0);
    const other = setUp([one, two], { groups: [{ deployments: [{ deployment: "one/m", weight: 1 }] }] });
    expect(await other.ask({ fallbacks: [other.serving.find("n")] }).text()).toBe("two/n");
    await expect(ask({ model: serving.find("m") }).text()).rejects.toMatchObject({ code: "model_unavailable" });
  });

  it("leads past deployments that cannot do what it asks", async () => {
    const blind = scriptedDeployment("blind/m", { vision: false });
    const seeing = scriptedDeployment("seeing/m");
    const { ask } = setUp([blind, seeing]);
    const routed = { ...PLAIN_REQUEST, uses: new Set(["images"] as const) };
    expect(await ask({ routed }).text()).toBe("seeing/m");
  });

  it("keeps a session at one deployment", async () => {
    const all = ["one/m", "two/m", "three/m"].map((name) => scriptedDeployment(name));
    const groups = [{ deployments: all.map(({ deployment }) => ({ deployment: deployment.name, weight: 1 })) }];
    const { ask } = setUp(all, { groups });
    const said = new Set<string>();
    for (let turn = 0; turn < 10; turn++) said.add(await ask({ routed: { ...PLAIN_REQUEST, session: "chat-7" } }).text());
    expect(said.size).toBe(1);
  });

  it("goes to the group whose conditions hold", async () => {
    const [fast, large] = [scriptedDeployment("fast/m"), scriptedDeployment("large/m")];
    const groups = [
      { deployments: [{ deployment: "fast/m", weight: 1 }], when: { prompt_tokens: { at_most: 100 } } },
      { deployments: [{ deployment: "large/m", weight: 1 }] },
    ];
    const { ask } = setUp([fast, large], { groups });
    expect(await ask().text()).toBe("fast/m");
    expect(await ask({ routed: { ...PLAIN_REQUEST, promptTokens: 5_000 } }).text()).toBe("large/m");
  });
});
