import type { UpstreamDefinition } from "@bonfire/protocol/upstreams";
import type { Credentials, OutgoingCall, SignedCall } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { RootSecrets } from "../../secrets/root-secrets.ts";
import type { Secret } from "../../secrets/secret.ts";
import { upstreamKeyContext } from "../../secrets/upstream-key-context.ts";
import { openSecret } from "../open-secret.ts";
import { AccessToken } from "./access-token.ts";
import { readAwsKey, signForAws } from "./aws-sigv4.ts";
import { issueGoogleToken, readServiceAccount } from "./google-service-account.ts";
import { type KeyRested, KeyRing, type TakenKey } from "./key-ring.ts";

interface SealedKey {
  readonly name: string;
  readonly sealed: string;
}

/** Where a kind of upstream wants its key: `authorization` after `Bearer `, `x-api-key` after nothing. */
interface KeyHeader {
  /** In lower case. */
  readonly name: string;
  readonly prefix: string;
}

interface CredentialsOptions {
  readonly upstream: Pick<UpstreamDefinition, "name" | "credentials">;
  readonly header: KeyHeader;
  /** In the order in which they take turns. None: calls go out unsigned, as to servers that ask for no key. */
  readonly keys: readonly SealedKey[];
  readonly roots: RootSecrets;
  /** A key is not used for a while. */
  readonly onRest?: ((rested: KeyRested) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Signs an upstream's calls by its keys, which stay sealed until they are first needed. All calls of one upstream share one of these. */
export function makeCredentials(options: CredentialsOptions): Credentials {
  const { upstream, header, keys, now = Date.now } = options;
  const { credentials } = upstream;
  if (credentials.kind === "none" || keys.length === 0) return unsigned;
  switch (credentials.kind) {
    case "keys":
      return signing(
        options,
        (secret) => ({ [header.name]: `${header.prefix}${secret.reveal()}` }),
        (headers) => headers,
      );
    case "aws-sigv4":
      return signing(options, readAwsKey, (key, call) => signForAws(call, { key, ...credentials, at: new Date(now()) }));
    case "google-service-account":
      return googleSigning(options, now);
  }
}

const UNSIGNED: Promise<SignedCall> = Promise.resolve({ headers: {} });
const unsigned: Credentials = () => UNSIGNED;

type Headers = Readonly<Record<string, string>>;

function signing<Material>(
  options: CredentialsOptions,
  read: (secret: Secret) => Material,
  sign: (material: Material, call: OutgoingCall) => Headers,
): Credentials {
  const ring = ringOf(options, read);
  return async (call) => {
    const { material, refused } = ring.take(call.model ?? "");
    return { headers: sign(material, call), refused };
  };
}

function googleSigning(options: CredentialsOptions, now: () => number): Credentials {
  const ring = ringOf(options, (secret) => {
    const account = readServiceAccount(secret);
    return new AccessToken(() => issueGoogleToken(account, now()), now);
  });
  return async (call) => {
    const taken = ring.take(call.model ?? "");
    const token = await tokenOf(taken);
    const refused: SignedCall["refused"] = (status, retryAfterMs) =>
      // It may have been withdrawn before its end.
      (status === 401 && taken.material.discard(token)) || taken.refused(status, retryAfterMs);
    return { headers: { authorization: `Bearer ${token}` }, refused };
  };
}

/** An account that Google does not know lets its key rest as one that a model's server refuses. */
async function tokenOf({ material, refused }: TakenKey<AccessToken>): Promise<string> {
  try {
    return await material.value();
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== "refused") throw error;
    throw new EngineError(error.kind, error.message, { ...error.details, hasOtherCredentials: refused(401, undefined) });
  }
}

function ringOf<Material>(
  { upstream, keys, roots, onRest, now }: CredentialsOptions,
  read: (secret: Secret) => Material,
): KeyRing<Material> {
  const ringKeys = keys.map(({ name, sealed }) => ({
    name,
    open: () => read(openSecret(roots, sealed, upstreamKeyContext(upstream.name, name))),
  }));
  return new KeyRing({ keys: ringKeys, onRest, now });
}
