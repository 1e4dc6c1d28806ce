import { type SecretRotation, secretRotation } from "@bonfire/protocol/secrets";
import { callAdmin } from "./admin-client.ts";
import type { Connection } from "./platform-connection.ts";
import { print, printJson } from "./terminal-text.ts";

const KEPT: Readonly<Record<SecretRotation["root"], string>> = {
  file: "a new secret in the home",
  environment: "the secret in BONFIRE_SECRET",
};

/** Seals all keys of upstreams anew; the keys themselves stay what they are. */
export async function rotateSecrets(options: Connection & { readonly json?: boolean }): Promise<void> {
  const rotated = await callAdmin({ method: "POST", path: "/secrets/rotate", body: {}, answer: secretRotation, patient: true }, options);
  if (options.json === true) return printJson(rotated);
  const { sealed, resealed, root } = rotated;
  if (resealed === 0) return print(`All keys of upstreams (${sealed}) are sealed under ${KEPT[root]} already.`);
  print(`${resealed} of ${sealed} keys of upstreams are sealed anew, under ${KEPT[root]}.`);
}
