import type { UpstreamKeyInput } from "@bonfire/protocol/upstreams";
import type { RootSecrets } from "../secrets/root-secrets.ts";
import { SecretError } from "../secrets/secret-error.ts";
import { upstreamKeyContext } from "../secrets/upstream-key-context.ts";
import type { SealedKey } from "./known-upstream.ts";

export type Sealer = Pick<RootSecrets, "seal" | "isSealOf" | "fingerprint">;

interface KeysToSeal {
  readonly upstream: string;
  readonly given: readonly UpstreamKeyInput[];
  /** Those that it has. */
  readonly stored: readonly SealedKey[];
  readonly sealer: Sealer;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Of shorter secrets the last characters would tell too much. */
const FEWEST_CHARACTERS_WITH_HINT = 16;
const HINT_CHARACTERS = 4;

/** The given keys, sealed. One that is kept already stays as it is, so that the same resources change nothing. */
export function sealKeys({ upstream, given, stored, sealer, now }: KeysToSeal): readonly SealedKey[] {
  return given.map(({ name, value }) => {
    const context = upstreamKeyContext(upstream, name);
    const kept = stored.find((key) => key.name === name);
    if (kept !== undefined && isSame(kept.sealed, value, context, sealer)) return kept;
    return {
      name,
      sealed: sealer.seal(value, context),
      fingerprint: sealer.fingerprint(value, context),
      hint: hintOf(value),
      createdAt: now,
    };
  });
}

function isSame(sealed: string, value: string, context: string, sealer: Sealer): boolean {
  try {
    return sealer.isSealOf(sealed, value, context);
  } catch (error) {
    // What cannot be opened any more is replaced by what is given.
    if (error instanceof SecretError) return false;
    throw error;
  }
}

function hintOf(value: string): string {
  return value.length < FEWEST_CHARACTERS_WITH_HINT ? "" : value.slice(-HINT_CHARACTERS);
}
