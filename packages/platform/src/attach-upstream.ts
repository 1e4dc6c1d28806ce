import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { ReplicaConnection } from "./engine/engine.ts";
import { openaiCompatible } from "./engines/openai-compatible/openai-compatible.ts";
import type { Lifetime } from "./lifetime.ts";
import type { ServedModel } from "./serving/served-model.ts";

interface AttachOptions {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly lifetime: Lifetime;
}

const DISCOVERY_TIMEOUT_MS = 5_000;

/** The models that the configured upstream lists. One that cannot be reached is no reason not to start: its models are missing, and the log says so. */
export async function attachUpstream(upstream: Config["upstream"], { logger, signal, lifetime }: AttachOptions): Promise<ServedModel[]> {
  if (upstream === undefined) return [];
  const connection = (model: string): ReplicaConnection => ({
    address: { kind: "url", url: upstream.url },
    model,
    credentials: async () => upstream.apiKey,
    profile: upstream.profile,
  });
  const discovery = openaiCompatible.connect(connection(""));
  try {
    const { models = [] } = await discovery.health(AbortSignal.any([signal, AbortSignal.timeout(DISCOVERY_TIMEOUT_MS)]));
    return models.map((id) => {
      const client = openaiCompatible.connect(connection(id));
      lifetime.add(`upstream of ${id}`, () => client.close());
      return {
        id,
        aliases: [],
        ownedBy: "upstream",
        contextLength: undefined,
        chat: true,
        // Nobody tells; an upstream that cannot see says so itself.
        vision: true,
        deployment: openaiCompatible.name,
        usageSource: "provider",
        state: () => "ready",
        acquire: async () => ({ client, release: () => undefined }),
      };
    });
  } catch (error) {
    signal.throwIfAborted();
    logger.error(
      { err: error, host: new URL(upstream.url).host },
      "BONFIRE_UPSTREAM_URL: its models cannot be listed and are not served until the next start",
    );
    return [];
  } finally {
    await discovery.close();
  }
}
