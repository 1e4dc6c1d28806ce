import { SecretError } from "./secret-error.ts";

/** How a sealed secret is written: `bf1.ROOT.KEY.TEXT`, the last two in base64url. */
export interface SealedForm {
  /** Id of the root key that encrypted the data key. */
  readonly rootId: string;
  readonly wrappedKey: Buffer;
  readonly text: Buffer;
}

const SCHEME = "bf1";
const FORM = /^bf1\.([\w-]{8})\.([\w-]{80})\.([\w-]{38,200000})$/;

export function writeSealed({ rootId, wrappedKey, text }: SealedForm): string {
  return `${SCHEME}.${rootId}.${wrappedKey.toString("base64url")}.${text.toString("base64url")}`;
}

/** @throws SecretError `damaged` */
export function readSealed(sealed: string): SealedForm {
  const [, rootId = "", key = "", text = ""] = FORM.exec(sealed) ?? [];
  const form = { rootId, wrappedKey: Buffer.from(key, "base64url"), text: Buffer.from(text, "base64url") };
  // Bits that decoding drops would be a place where a change goes unseen.
  if (rootId === "" || writeSealed(form) !== sealed) {
    throw new SecretError("damaged", "A sealed secret has not the form of one. Give it anew.");
  }
  return form;
}
