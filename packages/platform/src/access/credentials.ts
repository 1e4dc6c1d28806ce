/**
 * The secret that a request carries: everything after `Bearer ` (test keys of some SDKs hold spaces), or Anthropic's `x-api-key`.
 * @returns undefined where there is none.
 */
export function readSecret(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const authorization = headers.authorization;
  if (typeof authorization === "string") {
    const bearer = /^Bearer\s+(.+)$/i.exec(authorization)?.[1]?.trim();
    if (bearer) return bearer;
  }
  const apiKey = headers["x-api-key"];
  return typeof apiKey === "string" && apiKey !== "" ? apiKey : undefined;
}
