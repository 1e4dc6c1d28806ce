import type { SecretRotation } from "@bonfire/protocol/secrets";
import type { UpstreamStore } from "./upstream-store.ts";

interface RotationOptions {
  readonly store: Pick<UpstreamStore, "reseal">;
  /** Makes a new current root secret; undefined where operators give it. */
  readonly rotateRoot: (() => Promise<void>) | undefined;
  /** Forgets all root secrets but the current one, where the home keeps them. */
  readonly dropPrevious: () => Promise<void>;
  /** Takes over what the store holds now. */
  readonly refresh: () => Promise<void>;
}

/**
 * Seals everything under a new root secret. The one before it is kept until the next time, for gateways that have not heard of the change yet and for copies of
 * the database; older ones go, once nothing that is kept depends on them. @throws SecretError
 */
export async function rotateSecrets({ store, rotateRoot, dropPrevious, refresh }: RotationOptions): Promise<SecretRotation> {
  if (rotateRoot !== undefined) {
    // A rotation may have been cut off in the middle.
    await store.reseal();
    await dropPrevious();
    await rotateRoot();
  }
  const counts = await store.reseal();
  await refresh();
  return { object: "secret_rotation", root: rotateRoot === undefined ? "environment" : "file", ...counts };
}
