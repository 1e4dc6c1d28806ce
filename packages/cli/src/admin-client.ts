import type { z } from "zod";
import { type Connection, PlatformConnection } from "./platform-connection.ts";

interface AdminCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/admin/v1`. */
  readonly path: string;
  readonly body?: unknown;
  /** Of what the change was made from: where it is another by now, the call is refused. */
  readonly etag?: string;
}

/**
 * Calls `/admin/v1` of a running platform once. A `patient` call waits for its answer without limit, as for a model that is loaded.
 * @throws CliError
 */
export async function callAdmin<Output>(
  { path, ...call }: AdminCall & { readonly answer: z.ZodType<Output>; readonly patient?: boolean },
  connection: Connection,
): Promise<Output> {
  const platform = new PlatformConnection(connection);
  try {
    return await platform.json({ ...call, path: `/admin/v1${path}` });
  } finally {
    await platform.close();
  }
}

/** Calls `/admin/v1` where the answer is a stream. @throws CliError, or the signal's reason */
export async function* streamAdmin<Event>(
  { path, ...call }: AdminCall & { readonly event: z.ZodType<Event>; readonly signal: AbortSignal },
  connection: Connection,
): AsyncGenerator<Event> {
  const platform = new PlatformConnection(connection);
  try {
    yield* platform.events({ ...call, path: `/admin/v1${path}` });
  } finally {
    await platform.close();
  }
}
