import type { KeySnapshot } from "../access/key-snapshot.ts";
import type { KeyStore } from "../access/key-store.ts";
import type { Serving } from "../serving/serving.ts";
import { chatCompletions } from "./chat-completions.ts";
import { completions } from "./completions.ts";
import type { Endpoint } from "./endpoint.ts";
import { getHealth, getReadiness } from "./health.ts";
import { createKey, listKeys, revokeKey } from "./keys.ts";
import { getModel, listModels } from "./models.ts";

/** What applications call. @param servedSince Unix seconds */
export function inferenceEndpoints(serving: Serving, servedSince: number): Endpoint[] {
  return [chatCompletions(serving), completions(serving), listModels(serving, servedSince), getModel(serving, servedSince)];
}

/** What operators call. */
export function adminEndpoints(keys: { readonly store: KeyStore; readonly snapshot: KeySnapshot }): Endpoint[] {
  return [createKey(keys), listKeys(keys), revokeKey(keys)];
}

/** What supervisors and load balancers call. */
export function healthEndpoints(serving: Serving): Endpoint[] {
  return [getHealth(), getReadiness(serving)];
}
