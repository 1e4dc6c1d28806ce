import { upstreamDefinition } from "@bonfire/protocol/upstreams";
import type { Config } from "./config.ts";
import { openaiCompatible } from "./engines/openai-compatible/openai-compatible.ts";
import { findProfile } from "./engines/openai-compatible/profiles.ts";
import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { reachUpstream } from "./reach-upstream.ts";
import type { Deployment } from "./routing/deployment.ts";
import { openRootSecrets } from "./secrets/open-root-secrets.ts";
import { dropPrevious } from "./secrets/secret-file.ts";
import { snapshotPlace } from "./snapshot-place.ts";
import type { DatabaseConnection } from "./storage/database.ts";
import { Snapshot } from "./storage/snapshot.ts";
import type { KnownUpstream } from "./upstreams/known-upstream.ts";
import type { UpstreamRules } from "./upstreams/plan-upstream.ts";
import { readList } from "./upstreams/read-list.ts";
import { rotateSecrets } from "./upstreams/rotate-secrets.ts";
import { type Sealer, sealKeys } from "./upstreams/seal-keys.ts";
import { SettingsUpstream } from "./upstreams/settings-upstream.ts";
import { UpstreamLists } from "./upstreams/upstream-lists.ts";
import { upstreamSnapshotFile } from "./upstreams/upstream-snapshot-file.ts";
import { UpstreamStore } from "./upstreams/upstream-store.ts";
import { UpstreamWatch } from "./upstreams/upstream-watch.ts";

export interface StartedUpstreams {
  readonly store: UpstreamStore;
  readonly lists: UpstreamLists;
  readonly watch: UpstreamWatch;
  readonly ofSettings: SettingsUpstream | undefined;
  readonly rules: UpstreamRules;
  /** Takes over what the database holds now. */
  readonly refresh: () => Promise<void>;
  readonly rotateSecrets: () => ReturnType<typeof rotateSecrets>;
}

interface UpstreamsOptions {
  readonly connection: DatabaseConnection;
  readonly lifetime: Lifetime;
  /** Hears of an upstream's deployments whenever they have changed; of none when it is gone. */
  readonly onDeployments: (upstream: string, deployments: readonly Deployment[]) => void;
}

/** What the upstream of the settings is called. */
const NAME_OF_SETTINGS = "upstream";
/** The start waits for it; one that does not answer is no reason not to start. */
const LIST_OF_SETTINGS_MS = 5_000;

/** Also where the database is away and no copy of its upstreams lies in the home: then there are none until it is back. */
export async function startUpstreams(
  options: PlatformOptions,
  { connection, lifetime, onDeployments }: UpstreamsOptions,
): Promise<StartedUpstreams> {
  const { config, logger, signal } = options;
  const { home, secrets } = config;
  const { roots, rotate: rotateRoot } = await openRootSecrets({ home, current: secrets.root, previous: secrets.previous });
  const rules: UpstreamRules = {
    baseUrlOf: (profile) => findProfile(profile).baseUrl,
    reserved: new Set(config.upstream === undefined ? [] : [NAME_OF_SETTINGS]),
    sealer: roots,
    now: Date.now,
  };
  const store = new UpstreamStore(connection.database, rules);
  const snapshot = new Snapshot<KnownUpstream>(
    "upstreams",
    store,
    (error) => logger.warn({ err: error }, "upstreams could not be refreshed or saved; the known ones go on working"),
    {
      file: upstreamSnapshotFile(snapshotPlace(options, "upstreams", connection)),
      onChange: (listener) => connection.onChange("upstreams", listener),
    },
  );
  const onListFailure = (upstream: string, error: unknown) =>
    logger.warn({ err: error, upstream }, "an upstream's models cannot be listed");
  const ofSettings =
    config.upstream &&
    new SettingsUpstream(describeSettings(config.upstream, roots), (selection, until) =>
      readList({
        ask: (asked) => watch.listModels(NAME_OF_SETTINGS, asked),
        selection,
        signal: until,
        timeoutMs: LIST_OF_SETTINGS_MS,
        onFailure: (error) => onListFailure(NAME_OF_SETTINGS, error),
      }),
    );
  const watch: UpstreamWatch = new UpstreamWatch({
    known: () => snapshot.entries,
    fixed: () => ofSettings?.known,
    engine: openaiCompatible.name,
    reach: (upstream) =>
      reachUpstream(upstream, {
        roots,
        onRest: ({ key, status, forMs }) =>
          logger.warn({ upstream: upstream.definition.name, key, status, forMs }, "an upstream's key is not used for a while"),
      }),
    onDeployments,
    onFailure: (upstream, error) => logger.error({ err: error, upstream }, "an upstream cannot be used"),
  });
  const refresh = async () => {
    await snapshot.refresh();
    watch.follow();
  };
  const lists = new UpstreamLists({ store, watch, refresh, onFailure: onListFailure });

  await snapshot.load().catch((error: unknown) => logger.warn({ err: error }, "upstreams are unknown until the database is back"));
  lifetime.add("upstreams", async () => {
    lists.stop();
    ofSettings?.stop();
    watch.stop();
    await snapshot.stop();
  });
  snapshot.follow();
  watch.follow();
  watch.start();
  await ofSettings?.read(signal);
  watch.follow();
  ofSettings?.start();
  lists.start();
  return {
    ...{ store, lists, watch, ofSettings, rules, refresh },
    rotateSecrets: () => rotateSecrets({ store, rotateRoot, dropPrevious: () => dropPrevious(home), refresh }),
  };
}

function describeSettings(
  { url, apiKey, profile }: NonNullable<Config["upstream"]>,
  sealer: Sealer,
): Pick<KnownUpstream, "definition" | "keys"> {
  const definition = upstreamDefinition.parse({ name: NAME_OF_SETTINGS, base_url: url, profile });
  const given = apiKey === undefined ? [] : [{ name: "default", value: apiKey }];
  return { definition, keys: [...sealKeys({ upstream: NAME_OF_SETTINGS, given, stored: [], sealer, now: Date.now() })] };
}
