import { hkdfSync } from "node:crypto";
import { KEY_BYTES } from "./authenticated-cipher.ts";
import { SecretError } from "./secret-error.ts";

/** Below these a root secret can be guessed: 32 hexadecimal digits are 128 bits. */
const FEWEST_CHARACTERS = 32;
const FEWEST_DISTINCT = 8;
const ID_BYTES = 6;

/** What one root secret is used for: keys that say nothing of each other, nor of the secret (HKDF-SHA256, RFC 5869). */
export interface RootKey {
  /** Stands in everything that depends on the secret, and tells nothing of it. */
  readonly id: string;
  /** Encrypts the keys of sealed secrets. */
  readonly encryption: Buffer;
  readonly fingerprint: Buffer;
}

/** @param source where the operator set it, for the message. @throws SecretError `weak` */
export function deriveRootKey(rootSecret: string, source: string): RootKey {
  if (rootSecret.length < FEWEST_CHARACTERS || new Set(rootSecret).size < FEWEST_DISTINCT) {
    throw new SecretError(
      "weak",
      `${source}: a root secret needs at least ${FEWEST_CHARACTERS} random characters, such as those of: openssl rand -base64 32`,
    );
  }
  return {
    id: derive(rootSecret, "id", ID_BYTES).toString("base64url"),
    encryption: derive(rootSecret, "key encryption", KEY_BYTES),
    fingerprint: derive(rootSecret, "fingerprint", KEY_BYTES),
  };
}

function derive(rootSecret: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", rootSecret, "bonfire root secret", purpose, bytes));
}
