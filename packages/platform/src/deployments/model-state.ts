/**
 * unloaded: no process; queued: it waits for memory; loading: its engine starts; ready: it answers; restarting: its engine died and is started
 * again; unloading: it waits for its last requests, then its engine is stopped; failed: given up, no process, until somebody asks again.
 */
export type ModelState = "unloaded" | "queued" | "loading" | "ready" | "restarting" | "unloading" | "failed";

/** queue: it is wanted; load: its turn has come; answer: its engine is ready; crash: the engine ended; fail: given up; unload, unloaded: asked for, done. */
export type ModelEvent = "queue" | "load" | "answer" | "crash" | "fail" | "unload" | "unloaded";

const TRANSITIONS: Readonly<Record<ModelState, Partial<Record<ModelEvent, ModelState>>>> = {
  unloaded: { queue: "queued" },
  queued: { load: "loading", fail: "failed", unload: "unloaded" },
  loading: { answer: "ready", fail: "failed", unload: "unloading" },
  ready: { crash: "restarting", fail: "failed", unload: "unloading" },
  restarting: { answer: "ready", crash: "restarting", fail: "failed", unload: "unloading" },
  unloading: { unloaded: "unloaded" },
  failed: { queue: "queued", unload: "unloaded" },
};

/** @throws on an event that cannot happen in that state: whoever sent it has lost track. */
export function transition(state: ModelState, event: ModelEvent): ModelState {
  const next = TRANSITIONS[state][event];
  if (next === undefined) throw new Error(`A model that is ${state} cannot take the event "${event}".`);
  return next;
}

/** Whether the model holds memory. */
export function isResident(state: ModelState): boolean {
  return state === "loading" || state === "ready" || state === "restarting" || state === "unloading";
}
