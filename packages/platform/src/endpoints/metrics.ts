import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";

/** What renders all metrics, and the media type of the text. */
export interface MetricsText {
  readonly contentType: string;
  render(): Promise<string>;
}

/** For Prometheus. It tells which models are used how much, so it needs an admin key unless the operator says otherwise. */
export function getMetrics(metrics: MetricsText, isPublic: boolean): Endpoint {
  return {
    method: "GET",
    paths: ["/metrics"],
    permission: isPublic ? "public" : "admin",
    summary: "Metrics in Prometheus' text format.",
    schemas: { answer: z.string().describe("Prometheus' text format"), answerType: "text/plain" },
    handle: async () => ({ text: await metrics.render(), contentType: metrics.contentType }),
  };
}
