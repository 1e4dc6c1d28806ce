import { decrypt } from "../secrets/authenticated-cipher.ts";
import type { RootSecrets } from "../secrets/root-secrets.ts";
import { Secret } from "../secrets/secret.ts";

/** The only place where sealed secrets are opened: beside those who send them. @throws SecretError */
export function openSecret(roots: RootSecrets, sealed: string, context: string): Secret {
  const { dataKey, text } = roots.dataKeyOf(sealed, context);
  return new Secret(decrypt(dataKey, text, context).toString("utf8"));
}
