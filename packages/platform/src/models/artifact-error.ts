import { HttpStatusError } from "../egress/download-http.ts";

export interface FailedSource {
  /** `Hugging Face owner/name`, `Python package name==version`. */
  readonly source: string;
  readonly reason: string;
  readonly cause: unknown;
}

/** No source gave the file. The message names each one and says what can be done. */
export class ArtifactUnavailableError extends Error {
  override readonly name = "ArtifactUnavailableError";
  readonly failures: readonly FailedSource[];

  constructor(path: string, sha256: string | undefined, failures: readonly FailedSource[]) {
    const causes = failures.map(({ cause }) => cause);
    super(
      [
        `Could not get ${path}:`,
        ...failures.map(({ source, reason }) => `  - ${source}: ${reason}`),
        `Check the network and the proxy, or put the file there yourself${sha256 === undefined ? "" : ` (sha256 ${sha256})`}.`,
      ].join("\n"),
      { cause: causes.length === 1 ? causes[0] : new AggregateError(causes, "every source failed") },
    );
    this.failures = failures;
  }
}

/** Why a source failed, in words for an operator. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (error.message !== "") return error.message;
  // Node reports a host with several addresses as an AggregateError without a message.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return code ?? error.name;
}

/** The same for a Hugging Face repository, where a refusal means a licence that nobody has accepted, or a wrong name. */
export function huggingFaceReason(error: unknown, repositoryUrl: string, hasToken: boolean): string {
  if (!(error instanceof HttpStatusError)) return reasonOf(error);
  if (error.status === 401 || error.status === 403) {
    return hasToken
      ? `${error.message}: HF_TOKEN has no access; accept the licence at ${repositoryUrl} with its account, or use another token`
      : `${error.message}: gated or private; accept the licence at ${repositoryUrl} and set HF_TOKEN`;
  }
  if (error.status === 404) return `${error.message}: no such file at ${repositoryUrl}`;
  return error.message;
}
