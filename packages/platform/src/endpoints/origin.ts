import type { Caller } from "../access/caller.ts";
import type { Origin } from "../serving/attempt-recorder.ts";
import type { EndpointRequest } from "./endpoint.ts";

/** What the operator's socket asks for belongs to the project that is always there, and to no key. */
const OPERATOR = { accountId: "acct_default", projectId: "proj_default", keyId: null };

/** Who asks, for the ledger. @param endpoint its name there, such as `chat.completions`. */
export function originOf(
  { id, trace }: EndpointRequest,
  { caller, endpoint, streamed }: { readonly caller: Caller | undefined; readonly endpoint: string; readonly streamed: boolean },
): Origin {
  const { accountId, projectId, keyId } = caller ?? OPERATOR;
  return { requestId: id, accountId, projectId, keyId, endpoint, streamed, trace };
}
