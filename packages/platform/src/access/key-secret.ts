import { hash, randomBytes } from "node:crypto";

const PREFIX = "bf-";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 32 random bytes in base62: ceil(256 / log2(62)) digits. */
const DIGITS = 43;
/** Of the secret, shown in lists: the three of the prefix and six more, which leaves 220 bits unknown. */
const SHOWN_CHARACTERS = 9;
const MIN_CHOSEN_LENGTH = 20;

/** A new secret: `bf-` and 32 random bytes in base62. */
export function newKeySecret(): string {
  let number = BigInt(`0x${randomBytes(32).toString("hex")}`);
  let digits = "";
  while (number > 0n) {
    digits = ALPHABET.charAt(Number(number % 62n)) + digits;
    number /= 62n;
  }
  return PREFIX + digits.padStart(DIGITS, "0");
}

/** A secret has full entropy, so a fast hash is enough and no salt is needed (unlike a password). */
export function hashKeySecret(secret: string): string {
  return hash("sha256", secret);
}

export function shownPrefix(secret: string): string {
  return secret.slice(0, SHOWN_CHARACTERS);
}

/** What would have been right where a secret that a person chose is no good, or undefined. It must survive an HTTP header and be too long to guess. */
export function faultOfChosenSecret(secret: string): string | undefined {
  if (secret.length < MIN_CHOSEN_LENGTH) return `at least ${MIN_CHOSEN_LENGTH} characters, such as the output of \`openssl rand -hex 32\``;
  return /^[\x21-\x7e]+$/.test(secret) ? undefined : "printable ASCII characters without spaces";
}
