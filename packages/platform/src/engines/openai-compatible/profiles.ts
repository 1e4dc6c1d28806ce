import { HOSTED_PROFILES } from "./hosted-profiles.ts";
import { SERVER_PROFILES } from "./server-profiles.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";

/** Every kind of upstream, by its name. Nothing outside of this table knows a vendor. */
export const PROFILES = { ...SERVER_PROFILES, ...HOSTED_PROFILES } as const satisfies Readonly<Record<string, UpstreamProfile>>;

/** @param name absent for the default. @throws Error for a name that none has. */
export function findProfile(name = "generic"): UpstreamProfile {
  const found = Object.entries<UpstreamProfile>(PROFILES).find(([known]) => known === name);
  if (found === undefined) throw new Error(`No upstream profile is called "${name}"; there are ${Object.keys(PROFILES).join(", ")}.`);
  return found[1];
}
