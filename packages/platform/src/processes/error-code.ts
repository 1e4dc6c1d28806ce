/** Whether an error carries one of these codes, as those of Node (`ENOENT`), undici and PostgreSQL (`57P03`) do. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.some((code) => error.code === code);
}
