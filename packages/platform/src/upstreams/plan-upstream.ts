import { isDeepStrictEqual } from "node:util";
import type { UpstreamDefinition, UpstreamProfileName, UpstreamResource } from "@bonfire/protocol/upstreams";
import type { RootSecrets } from "../secrets/root-secrets.ts";
import { faultOfKey } from "./key-form.ts";
import type { SealedKey, StoredUpstream } from "./known-upstream.ts";
import { sealKeys } from "./seal-keys.ts";
import type { UpstreamWrite } from "./upstream-rows.ts";

/** What upstreams are held against. */
export interface UpstreamRules {
  /** Where a kind of upstream is reached unless its definition says otherwise; undefined where each is somewhere else. */
  readonly baseUrlOf: (profile: UpstreamProfileName) => string | undefined;
  /** Names that are taken by what is no resource. */
  readonly reserved: ReadonlySet<string>;
  readonly sealer: Pick<RootSecrets, "seal" | "reseal" | "needsReseal" | "isSealOf" | "fingerprint">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface UpstreamFault {
  readonly type: "fault";
  /** The field at fault: `keys[0].value`. */
  readonly param: string;
  /** For operators; quotes no key. */
  readonly message: string;
}

export interface PlannedUpstream extends UpstreamWrite {
  readonly type: "planned";
  /** False where everything is as it is wished already. */
  readonly isChange: boolean;
  /** All keys that it has then. */
  readonly allKeys: readonly SealedKey[];
}

/** What has to be written so that an upstream is as it is wished. Absent keys stay as they are. */
export function planUpstream(
  resource: UpstreamResource,
  before: StoredUpstream | undefined,
  rules: UpstreamRules,
): PlannedUpstream | UpstreamFault {
  const { keys: given, ...definition } = resource;
  const fault = faultOf(resource, before, rules);
  if (fault !== undefined) return fault;
  const stored = before?.keys ?? [];
  const { sealer, now } = rules;
  const keys = given && sealKeys({ upstream: definition.name, given, stored, sealer, now: now() });
  const areSameKeys = keys === undefined || (keys.length === stored.length && keys.every((key, index) => key === stored[index]));
  const isSameServer = before !== undefined && serverOf(before.definition, rules) === serverOf(definition, rules);
  return {
    type: "planned",
    definition,
    keys: areSameKeys ? undefined : keys,
    allKeys: keys ?? stored,
    forgetsList: !isSameServer,
    isChange: before === undefined || !areSameKeys || !isDeepStrictEqual(before.definition, definition),
  };
}

function faultOf(resource: UpstreamResource, before: StoredUpstream | undefined, rules: UpstreamRules): UpstreamFault | undefined {
  const { name, profile, credentials, keys } = resource;
  if (rules.reserved.has(name)) {
    return fault("name", `The upstream '${name}' is set by BONFIRE_UPSTREAM_URL. Choose another name, or change that setting.`);
  }
  const server = serverOf(resource, rules);
  if (server === undefined) {
    return fault("base_url", `Upstreams of the profile '${profile}' are everywhere else: 'base_url' has to say where this one is.`);
  }
  for (const [index, key] of (keys ?? []).entries()) {
    if (keys?.findIndex((other) => other.name === key.name) !== index) {
      return fault(`keys[${index}].name`, `There are several keys '${key.name}'. Give each a name of its own.`);
    }
    const wrong = faultOfKey(key.value, credentials);
    if (wrong !== undefined) return fault(`keys[${index}].value`, `The key '${key.name}' cannot be used: ${wrong}.`);
  }
  const previous = before && serverOf(before.definition, rules);
  // A key must never reach a server for which nobody gave it.
  if (before !== undefined && before.keys.length > 0 && keys === undefined && originOf(previous) !== originOf(server)) {
    return fault(
      "keys",
      `The keys of '${name}' were given for ${originOf(previous)}. Give those for ${originOf(server)}, or an empty list.`,
    );
  }
  return undefined;
}

function serverOf({ base_url, profile }: UpstreamDefinition, { baseUrlOf }: UpstreamRules): string | undefined {
  return base_url ?? baseUrlOf(profile);
}

function originOf(server: string | undefined): string | undefined {
  return server === undefined ? undefined : new URL(server).origin;
}

function fault(param: string, message: string): UpstreamFault {
  return { type: "fault", param, message };
}
