import { setTimeout as delay } from "node:timers/promises";
import type { ModelClient } from "../../engine/engine.ts";
import type { GenerateEvent, GenerateRequest } from "../../engine/generation.ts";
import type { Deployment } from "../../routing/deployment.ts";
import { leaseOf, readyDeployment } from "./serve-client.ts";

/** `silence`: nothing comes until the call is stopped. What is a promise, or makes one, is waited for. */
export type Step = GenerateEvent | Error | "silence" | Promise<unknown> | (() => Promise<unknown>);

export interface ScriptedDeployment {
  readonly deployment: Deployment;
  /** Requests that reached it. */
  readonly asked: GenerateRequest[];
  /** Reasons of the calls that were stopped. */
  readonly stopped: unknown[];
  /** Each call takes the next script; the last one stays. */
  play(...scripts: readonly (readonly Step[])[]): void;
}

export const START: GenerateEvent = { type: "start", upstreamId: undefined };
export const STOP: GenerateEvent = { type: "choice-end", choice: 0, reason: "stop" };
export const END: GenerateEvent = { type: "end", usage: { promptTokens: 1, completionTokens: 1, cachedTokens: undefined } };

export function word(text: string): GenerateEvent {
  return { type: "text-delta", choice: 0, text };
}

/** Answers with this text. */
export function says(text: string): readonly Step[] {
  return [START, word(text), STOP, END];
}

export function scriptedDeployment(name: string, given: Partial<Deployment> = {}): ScriptedDeployment {
  let scripts: (readonly Step[])[] = [says(name)];
  const asked: GenerateRequest[] = [];
  const stopped: unknown[] = [];
  const client: ModelClient = {
    generate: async function* (request, signal) {
      asked.push(request);
      signal.addEventListener("abort", () => stopped.push(signal.reason), { once: true });
      const script = (scripts.length > 1 ? scripts.shift() : scripts[0]) ?? [];
      for (const step of script) {
        signal.throwIfAborted();
        if (step instanceof Error) throw step;
        if (step === "silence") {
          await delay(2 ** 30, undefined, { signal }).catch(() => undefined);
          throw signal.reason;
        }
        if (step instanceof Promise) await step;
        else if (typeof step === "function") await step();
        else yield step;
      }
    },
    health: async () => ({ state: "ready" }),
    close: async () => undefined,
  };
  return {
    deployment: readyDeployment(
      leaseOf(() => client),
      { name, model: name.slice(name.indexOf("/") + 1), usageSource: "provider", ...given },
    ),
    asked,
    stopped,
    play: (...next) => {
      scripts = [...next];
    },
  };
}
