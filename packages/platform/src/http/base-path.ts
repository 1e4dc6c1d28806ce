import type { Dialect } from "@bonfire/protocol/dialect";

/** First segments of what applications call; everything else (`/health`, `/admin/v1/…`) has one address only. */
const INFERENCE_RESOURCES: ReadonlySet<string> = new Set([
  "chat",
  "completions",
  "conversations",
  "detokenize",
  "messages",
  "models",
  "responses",
  "tokenize",
]);

/** What clients may have before the resource, and whose API it means; `v1` and `api` mean nobody's, two slashes in a row nothing. */
const PREFIXES: Readonly<Record<string, Dialect | undefined>> = {
  "": undefined,
  v1: undefined,
  api: undefined,
  openai: "openai",
  anthropic: undefined,
  together: "together",
  fireworks: "fireworks",
  inference: "fireworks",
};
/** `/api/inference/v1/v1`: more than any client makes out of a base URL. */
const MOST_PREFIXES = 4;

export interface InferencePath {
  /** As the endpoints know it: `/v1/chat/completions?limit=2`. */
  readonly url: string;
  /** Whose API the path says it is, where it says so. */
  readonly dialect: Dialect | undefined;
}

/**
 * SDKs disagree on whether a base URL contains `/v1`: some add it, some do not, one drops `/inference` when the URL is overridden. Every form
 * that comes of it means the same resource. @returns undefined for what is no inference path.
 */
export function readInferencePath(url: string): InferencePath | undefined {
  const queryAt = url.indexOf("?");
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const segments = path.split("/");
  let dialect: Dialect | undefined;
  // The first one is empty: paths begin with a slash.
  let position = 1;
  for (let segment = segments[position]; position <= MOST_PREFIXES; segment = segments[++position]) {
    if (segment === undefined || !Object.hasOwn(PREFIXES, segment)) break;
    dialect ??= PREFIXES[segment];
  }
  const resource = segments[position];
  if (resource === undefined || !INFERENCE_RESOURCES.has(resource)) return undefined;
  const query = queryAt < 0 ? "" : url.slice(queryAt);
  return { url: `/v1/${segments.slice(position).join("/")}${query}`, dialect };
}
