import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

/** How one request went, as its client saw it. */
export interface Outcome {
  readonly requestId: string;
  readonly streamed: boolean;
  /** `whole`: all that the model says, and its end. `cut`: a stream that had begun, and says itself that it failed. */
  readonly kind: "whole" | "cut" | "failed";
  readonly attempts: number;
  /** What came, where it is neither whole nor cut as it should be. */
  readonly detail: string;
}

interface LoadOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** The text that a whole answer has. */
  readonly expected: string;
  readonly perSecond: number;
  readonly seconds: number;
}

const answer = z.looseObject({
  choices: z.tuple([z.looseObject({ message: z.looseObject({ content: z.string() }), finish_reason: z.string() })]),
});
const chunk = z.looseObject({
  choices: z
    .array(z.looseObject({ delta: z.looseObject({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .default([]),
  error: z.unknown().optional(),
});

/** Requests at a fixed rate, however fast they are answered; every second one is streamed. */
export async function loadSteadily({ perSecond, seconds, ...target }: LoadOptions): Promise<readonly Outcome[]> {
  const running: Promise<Outcome>[] = [];
  const begin = performance.now();
  for (let index = 0; index < perSecond * seconds; index++) {
    const dueMs = (index * 1_000) / perSecond - (performance.now() - begin);
    if (dueMs > 0) await delay(dueMs);
    running.push(askOnce(target, index % 2 === 0));
  }
  return Promise.all(running);
}

async function askOnce({ url, headers, model, expected }: Omit<LoadOptions, "perSecond" | "seconds">, streamed: boolean): Promise<Outcome> {
  try {
    const body = JSON.stringify({ model, messages: [{ role: "user", content: "Count" }], stream: streamed });
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
    const text = await response.text();
    const attempts = Number(response.headers.get("x-bonfire-attempts"));
    const kind = response.status !== 200 ? "failed" : streamed ? kindOfStream(text, expected) : kindOfAnswer(text, expected);
    const detail = kind === "failed" ? `${response.status} ${text}` : "";
    return { requestId: response.headers.get("x-request-id") ?? "", streamed, kind, attempts, detail };
  } catch (error) {
    return { requestId: "", streamed, kind: "failed", attempts: 0, detail: String(error) };
  }
}

function kindOfAnswer(text: string, expected: string): Outcome["kind"] {
  const [{ message, finish_reason }] = answer.parse(JSON.parse(text)).choices;
  return message.content === expected && finish_reason === "stop" ? "whole" : "failed";
}

function kindOfStream(text: string, expected: string): Outcome["kind"] {
  const data = text.split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice("data: ".length)] : []));
  const isDone = data.at(-1) === "[DONE]";
  const chunks = data.filter((one) => one !== "[DONE]").map((one) => chunk.parse(JSON.parse(one)));
  const choices = chunks.flatMap((one) => one.choices);
  const said = choices.map(({ delta }) => delta.content ?? "").join("");
  const isFinished = choices.some(({ finish_reason }) => finish_reason === "stop");
  const hasFailed = chunks.at(-1)?.error !== undefined;
  if (isDone && isFinished && !hasFailed && said === expected) return "whole";
  return hasFailed && !isDone && !isFinished && said !== "" && expected.startsWith(said) ? "cut" : "failed";
}
