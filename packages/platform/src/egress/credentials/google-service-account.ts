import { importPKCS8, SignJWT } from "jose";
import { z } from "zod";
import { EngineError } from "../../engine/engine-error.ts";
import type { Secret } from "../../secrets/secret.ts";
import type { IssuedToken } from "./access-token.ts";
import { postForm } from "./post-form.ts";

const keyFile = z.object({
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.url({ protocol: /^https?$/ }).default("https://oauth2.googleapis.com/token"),
});
export type ServiceAccount = z.infer<typeof keyFile>;

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const refusal = z.object({ error: z.string().regex(/^[\w-]{1,60}$/) });

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const ASSERTION_LIVES_S = 3_600;

/** @throws EngineError `refused` where the secret is not the JSON of a key file */
export function readServiceAccount(secret: Secret): ServiceAccount {
  try {
    return keyFile.parse(JSON.parse(secret.reveal()));
  } catch {
    // Without its cause: parsers quote what they read.
    throw new EngineError("refused", "A key for Google is the JSON of a service account's key file.");
  }
}

/** Trades a signed assertion for an access token (RFC 7523). @throws EngineError */
export async function issueGoogleToken(account: ServiceAccount, now: number): Promise<IssuedToken> {
  const assertion = await signAssertion(account, Math.floor(now / 1_000));
  const form = { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion };
  const { status, json } = await postForm(account.token_uri, form);
  if (status !== 200) {
    const code = refusal.safeParse(json).data?.error;
    const kind = status >= 500 ? "unreachable" : status === 429 ? "rate-limited" : "refused";
    throw new EngineError(kind, `Google gave no access token: ${code ?? `status ${status}`}.`, { status });
  }
  const token = tokenAnswer.safeParse(json);
  if (!token.success) throw new EngineError("bad-response", "Google's access token cannot be read.");
  return { value: token.data.access_token, expiresAt: now + token.data.expires_in * 1_000 };
}

async function signAssertion({ client_email, private_key, private_key_id, token_uri }: ServiceAccount, now: number): Promise<string> {
  try {
    return await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", ...(private_key_id === undefined ? {} : { kid: private_key_id }) })
      .setIssuer(client_email)
      .setAudience(token_uri)
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_LIVES_S)
      .sign(await importPKCS8(private_key, "RS256"));
  } catch {
    throw new EngineError("refused", "The private key of a service account cannot be read.");
  }
}
