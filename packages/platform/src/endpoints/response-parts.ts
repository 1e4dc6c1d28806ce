import type { Caller } from "../access/caller.ts";
import { OPERATOR } from "../access/caller.ts";
import type { BackgroundRuns } from "../responses/background-runs.ts";
import type { BackgroundStore } from "../responses/background-store.ts";
import type { ConversationStore } from "../responses/conversation-store.ts";
import type { ResponseStore } from "../responses/response-store.ts";
import type { Scope } from "../responses/scope.ts";

/** What keeps responses and conversations, and what runs those that nobody waits for. */
export interface ResponseParts {
  readonly store: ResponseStore;
  readonly background: BackgroundStore;
  readonly runs: BackgroundRuns;
  readonly conversations: ConversationStore;
}

/** What a caller may see: its project's, and no other's. */
export function scopeOf(caller: Caller | undefined): Scope {
  const { accountId, projectId, keyId } = caller ?? OPERATOR;
  return { accountId, projectId, keyId };
}
