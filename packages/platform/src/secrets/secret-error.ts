/**
 * weak: a root secret that can be guessed; exposed: its file can be read by others; unknown-root: sealed under a root secret that is not
 * here; damaged: changed, cut, or sealed for another place. The message tells operators what to do, and holds no secret.
 */
type SecretFault = "weak" | "exposed" | "unknown-root" | "damaged";

export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly fault: SecretFault;

  constructor(fault: SecretFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.fault = fault;
  }
}
