import type { UpstreamDefinition, UpstreamModel } from "@bonfire/protocol/upstreams";
import type { ListedModel } from "../engine/engine.ts";
import { EngineError, type EngineErrorKind } from "../engine/engine-error.ts";
import { withTimeLimit } from "../engine/time-limit.ts";
import { MOST_LISTED_MODELS, selectModels } from "./upstream-models.ts";

/** What an upstream's list said, and what is wrong with it; or why it could not be read. */
export type ReadList = { readonly models: readonly UpstreamModel[]; readonly error: string | null } | { readonly error: string };

interface ListReading {
  /** Undefined where there is no such upstream. */
  readonly ask: (signal: AbortSignal) => Promise<readonly ListedModel[] | undefined>;
  readonly selection: Pick<UpstreamDefinition, "include" | "exclude">;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** For the log: what comes out of here for operators says less. */
  readonly onFailure: (error: unknown) => void;
}

/** Reads an upstream's list of models. @throws the signal's reason. */
export async function readList({ ask, selection, signal, timeoutMs, onFailure }: ListReading): Promise<ReadList> {
  try {
    const listed = await ask(withTimeLimit(signal, timeoutMs));
    if (listed === undefined) return { error: "It cannot be reached in the way that its definition says." };
    const { models, leftOut } = selectModels(listed, selection);
    return { models, error: leftOut === 0 ? null : tooLong(leftOut) };
  } catch (error) {
    signal.throwIfAborted();
    onFailure(error);
    return { error: describeFailure(error) };
  }
}

/** How the only fault begins with which a list is read all the same. */
export const TOO_LONG = "Its list is too long";

function tooLong(leftOut: number): string {
  return `${TOO_LONG}: the first ${MOST_LISTED_MODELS} models are taken, ${leftOut} are not. Say by 'include' which are wanted.`;
}

const REASONS: Partial<Readonly<Record<EngineErrorKind, string>>> = {
  refused: "It refused the credentials",
  "not-found": "It has no list of models there",
  "rate-limited": "It limits the rate of requests",
  overloaded: "It is overloaded",
  unreachable: "It cannot be reached",
  interrupted: "The connection broke off",
  timeout: "It did not answer in time",
  "bad-response": "Its list of models cannot be read",
  unsupported: "It has no list of models",
};

/** In words of ours: what an upstream says of a key may quote it. */
function describeFailure(error: unknown): string {
  if (error instanceof EngineError) {
    const { status } = error.details;
    return `${REASONS[error.kind] ?? "It did not give its list of models"}${status === undefined ? "" : ` (status ${status})`}.`;
  }
  return error instanceof Error && error.name === "TimeoutError" ? "It did not answer in time." : "It did not give its list of models.";
}
