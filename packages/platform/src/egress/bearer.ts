import type { Credentials } from "../engine/engine.ts";

type BearerKey = string | undefined;

/** Signs with `authorization: Bearer KEY`; without a key a call goes out unsigned. */
export function bearer(key: BearerKey | (() => Promise<BearerKey>)): Credentials {
  if (typeof key === "function") return async () => signed(await key());
  const answer = Promise.resolve(signed(key));
  return () => answer;
}

function signed(key: BearerKey) {
  return { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } };
}
