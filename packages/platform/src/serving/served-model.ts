import type { ModelClient } from "../engine/engine.ts";

/** A model that clients can name, and who answers for it. */
export interface ServedModel {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly ownedBy: string;
  /** Tokens of prompt and answer together, where known. */
  readonly contextLength?: number;
  /** `chat` models have a template; the others only continue text. */
  readonly chat: boolean;
  readonly state: () => "ready" | "starting" | "failed";
  /** Undefined while no replica answers. */
  readonly client: () => ModelClient | undefined;
}
