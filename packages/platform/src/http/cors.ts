import cors from "@fastify/cors";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** Every method that the API has. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/** How long a browser may remember the answer to a preflight. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets web pages of these origins call the API from a browser; `*` stands for all of them. Preflights need no key, because browsers send
 * none with them. Cookies are never allowed: keys stand in headers, which the page itself must set.
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  // Browsers write origins in lower case.
  const allowed = new Set(origins.map((origin) => origin.toLowerCase()));
  const allowedFor = (request: FastifyRequest): string | false => {
    const { origin } = request.headers;
    if (allowed.has("*")) return "*";
    return origin !== undefined && allowed.has(origin) ? origin : false;
  };
  app.register(cors, {
    delegator: (request: FastifyRequest, done: (error: Error | null, options: object) => void) =>
      done(null, {
        origin: allowedFor(request),
        methods: METHODS,
        // Without a list of allowed headers, those that are asked for: SDKs add their own. All headers of an answer may be read.
        exposedHeaders: "*",
        maxAge: MAX_AGE_SECONDS,
        // Any other OPTIONS is a method like others, which no path has.
        preflight: isPreflight(request),
      }),
  });
}

function isPreflight({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined && headers["access-control-request-method"] !== undefined;
}
