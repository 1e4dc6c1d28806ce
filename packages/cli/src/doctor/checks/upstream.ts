import { bearer } from "@bonfire/platform/egress/bearer";
import { requestFollowing, withConnections } from "@bonfire/platform/egress/download-http";
import { withTimeLimit } from "@bonfire/platform/engine/time-limit";
import { openaiCompatible } from "@bonfire/platform/engines/openai-compatible/openai-compatible";
import { reasonOf } from "@bonfire/platform/models/artifact-error";
import { type Check, type Finding, failed, ok, skipped, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { unsetSetting } from "../shell.ts";

export const upstream: readonly Check<DoctorContext>[] = [
  { name: "upstream", question: "Does the server whose models are served as well list them?", run: checkUpstream },
  { name: "traces", question: "Does the collector of traces answer?", run: checkCollector },
];

const ANSWER_MS = 3_000;

async function checkUpstream({ config }: DoctorContext, signal: AbortSignal): Promise<Finding> {
  const { upstream, settings } = config;
  if (upstream === undefined) return skipped("upstream.url is not set");
  const client = openaiCompatible.connect({
    address: { kind: "url", url: upstream.url },
    model: "",
    credentials: bearer(upstream.apiKey),
  });
  const { host } = new URL(upstream.url);
  try {
    const { models = [] } = await client.health(withTimeLimit(signal, ANSWER_MS));
    return ok(`${host} serves ${models.length}`);
  } catch (error) {
    return failed(`${host} does not list its models: ${reasonOf(error)}`, {
      why: "Goes on without it. Better start that server, or correct upstream.url and upstream.api_key.",
      command: unsetSetting(settings.sources, "upstream.url"),
    });
  } finally {
    await client.close();
  }
}

async function checkCollector({ config }: DoctorContext, signal: AbortSignal): Promise<Finding> {
  const { tracing, settings } = config;
  if (tracing === undefined) return skipped("tracing.endpoint is not set");
  const { host } = new URL(tracing.endpoint);
  try {
    await withConnections(async (dispatcher) => {
      const inTime = withTimeLimit(signal, ANSWER_MS);
      const { body } = await requestFollowing({ url: tracing.endpoint, method: "HEAD", signal: inTime, dispatcher });
      await body.dump();
    });
    return ok(`${host} answers`);
  } catch (error) {
    return warning(`${host} does not answer, and traces are lost: ${reasonOf(error)}`, {
      why: "Makes no traces. Better start the collector, or correct tracing.endpoint.",
      command: unsetSetting(settings.sources, "tracing.endpoint"),
    });
  }
}
