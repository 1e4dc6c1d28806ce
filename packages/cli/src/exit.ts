/** What scripts can rely on. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

/** A failure that is told in one message, without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** What a platform refused, or could not do. */
export class RefusedError extends CliError {
  /** Of the error's body: a row of the table of errors. */
  readonly code: string | null;

  constructor(message: string, code: string | null, cause?: unknown) {
    super(message, EXIT.failed, cause);
    this.code = code;
  }
}
