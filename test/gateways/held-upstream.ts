import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { FakeStream, sendJson, startFakeReplica } from "../../packages/platform/src/engine/testing/fake-replica.ts";

interface Behaviour {
  /** Of the requests with such texts as their last message the answer waits until `answer` is called. */
  readonly holds: (text: string) => boolean;
  /** Words that are said before the wait. */
  readonly wordsBefore: number;
  /** How long an answer takes. */
  readonly delayMs: number;
  /** Every request gets a 500. */
  readonly isBroken: boolean;
}

/** A server whose answers come when a test says so. It tells who came, in which order, and who left. */
export interface HeldUpstream {
  /** Base URL as an upstream has it. */
  readonly url: string;
  readonly model: string;
  /** Texts of all requests that reached it. */
  readonly arrived: readonly string[];
  /** Texts of those whose connection was closed before the end of the answer. */
  readonly left: readonly string[];
  running(): number;
  /** Most requests at once since this was called last. */
  takePeak(): number;
  behave(behaviour: Partial<Behaviour>): void;
  /** Lets the answers to this text go, those of the future included. */
  answer(text: string): void;
  close(): Promise<void>;
}

const PLAIN: Behaviour = { holds: () => false, wordsBefore: 0, delayMs: 0, isBroken: false };
const asked = z.looseObject({ messages: z.array(z.looseObject({ content: z.string() })).min(1) });

export async function startHeldUpstream(model = "held"): Promise<HeldUpstream> {
  const replica = await startFakeReplica({ model, contextLength: 100_000 });
  const arrived: string[] = [];
  const left: string[] = [];
  const gates = new Map<string, { readonly opened: Promise<void>; readonly open: () => void }>();
  let behaviour = PLAIN;
  let running = 0;
  let peak = 0;

  const gateOf = (text: string) => {
    const known = gates.get(text);
    if (known !== undefined) return known;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const gate = { opened, open };
    gates.set(text, gate);
    return gate;
  };

  replica.script = async ({ path, body, response, hungUp }) => {
    const text = asked.parse(body).messages.at(-1)?.content ?? "";
    const { holds, wordsBefore, delayMs, isBroken } = behaviour;
    arrived.push(text);
    hungUp.addEventListener("abort", () => left.push(text), { once: true });
    if (isBroken) return sendJson(response, 500, { error: { message: "broken", type: "server_error" } });
    peak = Math.max(peak, ++running);
    try {
      const stream = new FakeStream(response, { path, model });
      if (wordsBefore > 0) stream.begin();
      for (let word = 0; word < wordsBefore; word++) stream.text(0, `${word} `);
      const goesOn = holds(text) ? gateOf(text).opened : delay(delayMs);
      await Promise.race([goesOn, new Promise((resolve) => hungUp.addEventListener("abort", resolve, { once: true }))]);
      if (hungUp.aborted) return;
      if (wordsBefore === 0) stream.begin();
      stream.text(0, `You said ${text}.`);
      stream.finish(0, "stop");
      stream.usage({ prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 });
      stream.done();
    } finally {
      running--;
    }
  };

  return {
    ...{ url: replica.url, model, arrived, left },
    running: () => running,
    takePeak: () => {
      const most = peak;
      peak = running;
      return most;
    },
    behave: (changed) => {
      behaviour = { ...PLAIN, ...changed };
    },
    answer: (text) => gateOf(text).open(),
    close: () => replica.close(),
  };
}
