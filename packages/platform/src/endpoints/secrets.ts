import { ApiError } from "@bonfire/protocol/errors";
import { rotateSecretsRequest, type SecretRotation, secretRotation } from "@bonfire/protocol/secrets";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { SecretError } from "../secrets/secret-error.ts";
import type { Endpoint } from "./endpoint.ts";
import { withDatabase } from "./with-database.ts";

/** @param rotate @throws SecretError where something was sealed under a root secret that is not here */
export function rotateSecrets(rotate: () => Promise<SecretRotation>): Endpoint {
  return {
    method: "POST",
    paths: ["/admin/v1/secrets/rotate"],
    permission: "admin",
    summary:
      "Seal all keys of upstreams under a new root secret where the home keeps it, or under the one in BONFIRE_SECRET, from those in BONFIRE_PREVIOUS_SECRETS.",
    schemas: { body: rotateSecretsRequest, answer: secretRotation },
    handle: async ({ body }) => {
      parseRequest(rotateSecretsRequest, body);
      const rotated = rotate().catch((error: unknown) => {
        throw error instanceof SecretError ? new ApiError("conflict", error.message, { cause: error }) : error;
      });
      return { json: await withDatabase(rotated) };
    },
  };
}
