import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { decrypt, encrypt, encryptAgain, KEY_BYTES } from "./authenticated-cipher.ts";
import { deriveRootKey, type RootKey } from "./root-key.ts";
import { readSealed, type SealedForm, writeSealed } from "./sealed-form.ts";
import { SecretError } from "./secret-error.ts";

/** One root secret, and where the operator set it: `BONFIRE_SECRET`. */
export interface RootSecret {
  readonly value: string;
  readonly source: string;
}

/** The current one, then those that may still have sealed something. */
export type RootSecretList = readonly [RootSecret, ...RootSecret[]];

/**
 * Seals secrets for keeping (envelope encryption): each under a key of its own, and these under a key that is derived from the current root
 * secret. A changed root secret therefore takes a new wrapping of the small keys, and no secret is opened for it. A context, such as
 * `upstream/NAME/KEY`, is bound to what is sealed: it opens nowhere else.
 *
 * Opening is not done here but in `egress/open-secret.ts`.
 */
export class RootSecrets {
  readonly #read: () => RootSecretList;
  #keys: readonly [RootKey, ...RootKey[]];

  /** @param read asked now, and again for what was sealed under a root secret that is not known yet. @throws SecretError */
  constructor(read: () => RootSecretList) {
    this.#read = read;
    this.#keys = deriveAll(read());
  }

  seal(text: string, context: string): string {
    const dataKey = randomBytes(KEY_BYTES);
    return writeSealed({ ...this.#wrap(dataKey, context), text: encrypt(dataKey, Buffer.from(text), context) });
  }

  /** The same secret under the current root secret. @throws SecretError */
  reseal(sealed: string, context: string): string {
    const form = readSealed(sealed);
    return writeSealed({ ...this.#wrap(this.#unwrap(form, context), context), text: form.text });
  }

  /** @throws SecretError `damaged` */
  needsReseal(sealed: string): boolean {
    return readSealed(sealed).rootId !== this.#keys[0].id;
  }

  /** Whether a text is what was sealed, without opening it; also under a root secret of earlier times. @throws SecretError */
  isSealOf(sealed: string, text: string, context: string): boolean {
    const form = readSealed(sealed);
    const again = encryptAgain(this.#unwrap(form, context), Buffer.from(text), { sealed: form.text, associated: context });
    return again.length === form.text.length && timingSafeEqual(again, form.text);
  }

  /** The same for the same text and context, as long as the root secret is the same; tells nothing of either. */
  fingerprint(text: string, context: string): string {
    const [{ id, fingerprint }] = this.#keys;
    return `${id}.${createHmac("sha256", fingerprint).update(context).update("\0").update(text).digest("base64url")}`;
  }

  /** The key under which a sealed text is encrypted; for `egress/open-secret.ts` alone. @throws SecretError */
  dataKeyOf(sealed: string, context: string): { readonly dataKey: Buffer; readonly text: Buffer } {
    const form = readSealed(sealed);
    return { dataKey: this.#unwrap(form, context), text: form.text };
  }

  /** Reads the root secrets again, after they were rotated. @throws SecretError; then it goes on with those that it has. */
  reload(): void {
    this.#keys = deriveAll(this.#read());
  }

  #wrap(dataKey: Buffer, context: string): Pick<SealedForm, "rootId" | "wrappedKey"> {
    const [{ id: rootId, encryption }] = this.#keys;
    return { rootId, wrappedKey: encrypt(encryption, dataKey, wrapping(rootId, context)) };
  }

  #unwrap({ rootId, wrappedKey }: SealedForm, context: string): Buffer {
    return decrypt(this.#keyOf(rootId).encryption, wrappedKey, wrapping(rootId, context));
  }

  #keyOf(rootId: string): RootKey {
    const known = this.#keys.find(({ id }) => id === rootId);
    if (known !== undefined) return known;
    // Another process of the same home may have rotated the file.
    this.reload();
    const found = this.#keys.find(({ id }) => id === rootId);
    if (found !== undefined) return found;
    throw new SecretError(
      "unknown-root",
      "A secret was sealed under a root secret that is not here. Put that one into BONFIRE_PREVIOUS_SECRETS, or give the secret anew.",
    );
  }
}

function wrapping(rootId: string, context: string): string {
  return `${rootId}/${context}`;
}

function deriveAll([current, ...previous]: RootSecretList): readonly [RootKey, ...RootKey[]] {
  const derive = ({ value, source }: RootSecret): RootKey => deriveRootKey(value, source);
  return [derive(current), ...previous.map(derive)];
}
