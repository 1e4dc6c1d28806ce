import { RootSecrets } from "./root-secrets.ts";
import { ensureSecretFile, readSecretFile, requireSecretFile, rotateSecretFile } from "./secret-file.ts";

interface RootSecretSettings {
  readonly home: string;
  /** BONFIRE_SECRET. Undefined: the one in the home, which is made at the first start. */
  readonly current: string | undefined;
  /** BONFIRE_PREVIOUS_SECRETS. */
  readonly previous: readonly string[];
}

export interface OpenedRootSecrets {
  readonly roots: RootSecrets;
  /** Makes a new current root secret; undefined where the operator gives it, and so has to give another. */
  readonly rotate: (() => Promise<void>) | undefined;
}

/** @throws SecretError for a weak secret, or a file that others can read */
export async function openRootSecrets({ home, current, previous }: RootSecretSettings): Promise<OpenedRootSecrets> {
  const earlier = previous.map((value) => ({ value, source: "BONFIRE_PREVIOUS_SECRETS" }));
  if (current !== undefined) {
    // Whoever moves from the file to the variable can still open what the file's sealed.
    const roots = new RootSecrets(() => [{ value: current, source: "BONFIRE_SECRET" }, ...earlier, ...readSecretFile(home)]);
    return { roots, rotate: undefined };
  }
  await ensureSecretFile(home);
  const roots = new RootSecrets(() => {
    const [first, ...rest] = requireSecretFile(home);
    return [first, ...rest, ...earlier];
  });
  const rotate = async (): Promise<void> => {
    await rotateSecretFile(home);
    roots.reload();
  };
  return { roots, rotate };
}
