import type { KeyRested } from "./egress/credentials/key-ring.ts";
import { makeCredentials } from "./egress/credentials/make-credentials.ts";
import { openaiCompatible } from "./engines/openai-compatible/openai-compatible.ts";
import { findProfile } from "./engines/openai-compatible/profiles.ts";
import type { RootSecrets } from "./secrets/root-secrets.ts";
import type { KnownUpstream } from "./upstreams/known-upstream.ts";
import type { UpstreamReach } from "./upstreams/upstream-deployments.ts";
import { upstreamTimeouts } from "./upstreams/upstream-timeouts.ts";

interface ReachOptions {
  readonly roots: RootSecrets;
  /** A key is not used for a while. */
  readonly onRest?: (rested: KeyRested) => void;
}

/** How an upstream is reached by what is known of it: all calls share its keys. @throws Error where nothing says where it is. */
export function reachUpstream({ definition, keys }: KnownUpstream, { roots, onRest }: ReachOptions): UpstreamReach {
  const { name, profile, headers, query, timeouts } = definition;
  const { baseUrl, keyHeader, lists } = findProfile(profile);
  const url = definition.base_url ?? baseUrl;
  if (url === undefined) throw new Error(`Nothing says where the upstream '${name}' is.`);
  const credentials = makeCredentials({ upstream: definition, header: keyHeader, keys, roots, onRest });
  const { connectMs: connectTimeoutMs } = upstreamTimeouts(timeouts);
  return {
    hasList: lists.length > 0,
    connect: (model) =>
      openaiCompatible.connect({ address: { kind: "url", url }, model, profile, credentials, headers, query, connectTimeoutMs }),
  };
}
