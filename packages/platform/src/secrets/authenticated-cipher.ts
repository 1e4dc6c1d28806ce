import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { SecretError } from "./secret-error.ts";

const CIPHER = "aes-256-gcm";
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM (NIST SP 800-38D). @returns nonce, ciphertext and tag, one behind the other. */
export function encrypt(key: Buffer, plain: Buffer, associated: string): Buffer {
  return encryptWith({ key, nonce: randomBytes(NONCE_BYTES), plain, associated });
}

/** What `encrypt` would have made of this text with the nonce of `sealed`: the same bytes if the text is the same. */
export function encryptAgain(key: Buffer, plain: Buffer, { sealed, associated }: { sealed: Buffer; associated: string }): Buffer {
  return encryptWith({ key, nonce: sealed.subarray(0, NONCE_BYTES), plain, associated });
}

/** @throws SecretError `damaged` for anything that `encrypt` did not make with the same key and associated text */
export function decrypt(key: Buffer, sealed: Buffer, associated: string): Buffer {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw damaged();
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(associated));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch (cause) {
    throw damaged(cause);
  }
}

interface Encryption {
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly plain: Buffer;
  readonly associated: string;
}

function encryptWith({ key, nonce, plain, associated }: Encryption): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(associated));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function damaged(cause?: unknown): SecretError {
  return new SecretError("damaged", "A sealed secret was changed, or stands where it was not sealed for. Give it anew.", cause);
}
