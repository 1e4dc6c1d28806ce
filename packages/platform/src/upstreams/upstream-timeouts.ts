import { durationMs } from "@bonfire/protocol/durations";
import type { Timeouts } from "@bonfire/protocol/upstreams";
import type { AttemptTimeouts } from "../routing/deployment.ts";

interface UpstreamTimeouts {
  readonly connectMs: number;
  readonly attempt: AttemptTimeouts;
}

export function upstreamTimeouts({
  connect = "10s",
  first_token = "2m",
  between_tokens = "1m",
  total = "30m",
}: Timeouts): UpstreamTimeouts {
  return {
    connectMs: durationMs(connect),
    attempt: { firstTokenMs: durationMs(first_token), betweenTokensMs: durationMs(between_tokens), totalMs: durationMs(total) },
  };
}
