import type { UpstreamDefinition } from "@bonfire/protocol/upstreams";
import { z } from "zod";

const serviceAccount = z.looseObject({ client_email: z.string(), private_key: z.string() });

/** What is wrong with a key for the kind of credentials that it serves, in words that quote nothing of it. */
const FAULTS: Readonly<Record<UpstreamDefinition["credentials"]["kind"], (value: string) => string | undefined>> = {
  keys: (value) => (/^[\x21-\x7e]+$/.test(value) ? undefined : "it holds spaces or characters that no header can carry"),
  none: () => "its upstream takes none, since its credentials are of the kind 'none'",
  "aws-sigv4": (value) =>
    /^[^\s:]+:[^\s:]+(?::[^\s:]+)?$/.test(value) ? undefined : "it has not the form ACCESS_KEY_ID:SECRET_ACCESS_KEY or ID:SECRET:TOKEN",
  "google-service-account": (value) =>
    serviceAccount.safeParse(parseJson(value)).success ? undefined : "it is not the JSON of a service account's key file",
};

/** @returns undefined where nothing is wrong. */
export function faultOfKey(value: string, { kind }: UpstreamDefinition["credentials"]): string | undefined {
  return FAULTS[kind](value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: it would quote the text.
    return undefined;
  }
}
