import { z } from "zod";

/** What gateways tell each other once a second. */
export const gatewayReport = z.object({
  /** Most requests that it had at once at deployments with a bound since its last report, by name. */
  inFlight: z.record(z.string(), z.int().nonnegative()),
  /** For how much longer it leaves deployments alone that have failed, milliseconds by name. */
  openForMs: z.record(z.string(), z.number().nonnegative()),
});
export type GatewayReport = z.infer<typeof gatewayReport>;
