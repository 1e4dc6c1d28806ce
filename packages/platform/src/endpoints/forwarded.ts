import { z } from "zod";
import type { Endpoint, PassedOn } from "./endpoint.ts";

/** A request that another process of the platform answers. */
interface ForwardedRequest {
  readonly method: Endpoint["method"];
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

export type Forward = (request: ForwardedRequest) => Promise<PassedOn>;

/** What the answer depends on beside URL and body. Who asks was checked here. */
const PASSED_HEADERS = ["accept", "content-type", "if-match", "if-none-match", "user-agent", "x-client-request-id"] as const;
const METHODS = ["GET", "POST", "PUT", "DELETE"] as const;

/** What operators call and what describes the API, in a process that does not know it itself: the same requests, answered elsewhere. */
export function forwardedEndpoints(forward: Forward, metrics: { readonly arePublic: boolean }): Endpoint[] {
  const to = (method: Endpoint["method"], path: string, permission: Endpoint["permission"]) =>
    forwarded({ method, path, permission, forward });
  return [
    ...METHODS.map((method) => to(method, "/admin/v1/*", "admin")),
    ...[to("GET", "/metrics", metrics.arePublic ? "public" : "admin"), to("GET", "/openapi.json", "public")],
  ];
}

interface Forwarded extends Pick<Endpoint, "method" | "permission"> {
  readonly path: string;
  readonly forward: Forward;
}

function forwarded({ method, path, permission, forward }: Forwarded): Endpoint {
  return {
    ...{ method, permission, paths: [path] },
    summary: "Answered by another process of this platform.",
    schemas: { answer: z.unknown() },
    handle: ({ url, header, body, signal }) => {
      const headers = Object.fromEntries(
        PASSED_HEADERS.flatMap((name) => {
          const value = header(name);
          return value === undefined ? [] : [[name, value]];
        }),
      );
      return forward({ method, url, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
    },
  };
}
