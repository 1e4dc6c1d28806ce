import type { ReplicaConnection } from "../../engine/engine.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";

/** Relative to the base URL. */
export interface Places {
  readonly chat: string;
  readonly completions: string;
  /** The first that exists holds; none: models are listed nowhere. */
  readonly lists: readonly string[];
}

/** Where one kind of upstream takes calls for one model; some vendors have several kinds of addresses. */
export function placesOf(
  { address, model }: Pick<ReplicaConnection, "address" | "model">,
  { paths, lists, below }: UpstreamProfile,
): Places {
  const isBelow = below !== undefined && address.kind === "url" && basePath(address.url).endsWith(below.ending);
  const found = isBelow ? below : { paths, lists };
  const filled = (path: string): string => path.replace("{model}", encodeURIComponent(model));
  return { chat: filled(found.paths.chat), completions: filled(found.paths.completions), lists: found.lists };
}

function basePath(url: string): string {
  return new URL(url).pathname.replace(/\/+$/, "");
}
