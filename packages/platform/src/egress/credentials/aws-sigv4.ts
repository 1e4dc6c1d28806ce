import aws4 from "aws4";
import type { OutgoingCall } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { Secret } from "../../secrets/secret.ts";

export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

interface AwsSigning {
  readonly key: AwsKey;
  readonly region: string;
  readonly service: string;
  readonly at: Date;
}

/** Session tokens are base64 text, which has no colon. @throws EngineError `refused` where the secret has not the form of a key */
export function readAwsKey(secret: Secret): AwsKey {
  const [accessKeyId = "", secretAccessKey = "", sessionToken] = secret.reveal().split(":");
  if (accessKeyId === "" || secretAccessKey === "") {
    throw new EngineError(
      "refused",
      "A key for AWS has the form ACCESS_KEY_ID:SECRET_ACCESS_KEY or ACCESS_KEY_ID:SECRET_ACCESS_KEY:TOKEN.",
    );
  }
  return { accessKeyId, secretAccessKey, sessionToken };
}

/**
 * AWS Signature Version 4. Of the headers only those are signed that AWS asks for, since proxies may change the others on their way.
 * @returns the headers to add.
 */
export function signForAws(call: OutgoingCall, { key, region, service, at }: AwsSigning): Readonly<Record<string, string>> {
  const signed = Object.fromEntries(Object.entries(call.headers).filter(([name]) => name === "content-type" || name.startsWith("x-amz-")));
  const date = at.toISOString().replace(/[:-]|\.\d{3}/g, "");
  const request = {
    method: call.method,
    host: call.url.host,
    path: call.url.pathname + call.url.search,
    service,
    region,
    headers: { ...signed, "X-Amz-Date": date },
    // The library adds it, although AWS's own signers leave it out.
    extraHeadersToIgnore: { "content-length": true },
    ...(call.body === undefined ? {} : { body: call.body }),
  };
  const { accessKeyId, secretAccessKey, sessionToken } = key;
  const session = sessionToken === undefined ? {} : { sessionToken };
  const { headers = {} } = aws4.sign(request, { accessKeyId, secretAccessKey, ...session });
  return {
    authorization: String(headers.Authorization),
    "x-amz-date": date,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
  };
}
