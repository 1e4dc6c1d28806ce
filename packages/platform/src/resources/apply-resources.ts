import type { ApplyRequest, ApplyResult, Resources } from "@bonfire/protocol/apply";
import { deleteRoutes, writeRoutes } from "../routing/route-store.ts";
import type { Database } from "../storage/database.ts";
import { raiseVersion } from "../storage/snapshot-version.ts";
import { inTransaction } from "../storage/transaction.ts";
import type { UpstreamRules } from "../upstreams/plan-upstream.ts";
import { deleteUpstreams, type Queries, writeUpstream } from "../upstreams/upstream-rows.ts";
import { planResources, type ResourcePlan } from "./plan-resources.ts";
import type { NamedModel } from "./resolve-aliases.ts";
import { resourceWarnings } from "./resource-warnings.ts";
import { deleteAliases, lockResources, readResources, type StoredResources, writeAliases } from "./stored-resources.ts";

interface ResourceApplicationOptions {
  readonly database: Database;
  readonly rules: UpstreamRules;
  /** Models that have names of their own, also those that cannot be served now. */
  readonly models: () => Promise<readonly NamedModel[]>;
  /** Takes over what the database holds now. */
  readonly refresh: () => Promise<void>;
  /** Reads the lists of these upstreams' models; what fails is noted with the upstream. */
  readonly readLists: (upstreams: readonly string[], signal: AbortSignal) => Promise<void>;
  readonly isDeployment: (name: string) => boolean;
}

/** Puts what a resources file says into the database: everything in one transaction, or nothing. */
export class ResourceApplication {
  readonly #options: ResourceApplicationOptions;

  constructor(options: ResourceApplicationOptions) {
    this.#options = options;
  }

  /** The same file changes nothing the second time. @throws ApiError that names the field at fault; then nothing is changed. */
  async apply({ resources, dry_run, prune }: ApplyRequest, signal: AbortSignal): Promise<ApplyResult> {
    const { database, rules, refresh, readLists } = this.#options;
    const models = await this.#options.models();
    const { plan, stored } = await inTransaction(database, async (transaction) => {
      await lockResources(transaction);
      const before = await readResources(transaction);
      const planned = planResources(resources, { stored: before, prune, rules, models });
      if (!dry_run) await write(transaction, planned);
      return { plan: planned, stored: before };
    });
    const isChange = plan.changes.some(({ action }) => action !== "unchanged");
    if (isChange && !dry_run) {
      await refresh();
      const toRead = plan.upstreams.write.filter(({ definition }) => definition.import_models).map(({ definition }) => definition.name);
      await readLists(toRead, signal);
    }
    return {
      object: "apply_result",
      applied: isChange && !dry_run,
      changes: [...plan.changes],
      warnings: this.#warnings({ resources, plan, stored, models, isDryRun: dry_run }),
    };
  }

  #warnings({ resources, plan, stored, models, isDryRun }: Outcome): string[] {
    const { isDeployment, rules } = this.#options;
    const written = new Map(plan.upstreams.write.map((upstream) => [upstream.definition.name, upstream]));
    const removed = new Set(plan.upstreams.remove);
    const isDeclared = (deployment: string): boolean => {
      const definition = written.get(deployment.slice(0, deployment.indexOf("/")))?.definition;
      return definition?.models.some(({ id }) => `${definition.name}/${id}` === deployment) ?? false;
    };
    const owners = new Map(models.flatMap(({ id, aliases }) => [id, ...aliases].map((name) => [name, id])));
    return resourceWarnings(resources, {
      isDeployment: (name) => isDeployment(name) || (isDryRun && isDeclared(name)),
      isUpstream: (name) => written.has(name) || rules.reserved.has(name) || (stored.upstreams.has(name) && !removed.has(name)),
      isUnread: (name) => isDryRun && written.get(name)?.definition.import_models === true,
      ownerOf: (name) => owners.get(name),
    });
  }
}

interface Outcome {
  readonly resources: Resources;
  readonly plan: ResourcePlan;
  /** As it was before. */
  readonly stored: StoredResources;
  readonly models: readonly NamedModel[];
  readonly isDryRun: boolean;
}

async function write(transaction: Queries, { upstreams, routes, aliases }: ResourcePlan): Promise<void> {
  for (const upstream of upstreams.write) await writeUpstream(transaction, upstream);
  await deleteUpstreams(transaction, upstreams.remove);
  await writeRoutes(transaction, routes.write);
  await deleteRoutes(transaction, routes.remove);
  await writeAliases(transaction, aliases.write);
  await deleteAliases(transaction, aliases.remove);
  const kinds = [
    { kind: "upstreams", ...upstreams },
    { kind: "routes", ...routes },
    { kind: "aliases", ...aliases },
  ] as const;
  for (const { kind, write: written, remove } of kinds) if (written.length + remove.length > 0) await raiseVersion(transaction, kind);
}
