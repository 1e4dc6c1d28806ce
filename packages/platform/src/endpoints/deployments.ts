import { changeDeploymentRequest, type Deployment as DescribedDeployment, deployment, deploymentList } from "@bonfire/protocol/deployments";
import { ApiError } from "@bonfire/protocol/errors";
import { parseRequest } from "@bonfire/protocol/validation-error";
import { z } from "zod";
import type { Deployment } from "../routing/deployment.ts";
import type { DeploymentSummary } from "../routing/deployment-health.ts";
import type { DrainedDeployments } from "../routing/drained-deployments.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type { Endpoint } from "./endpoint.ts";
import { withDatabase } from "./with-database.ts";

/** How deployments are, as one gateway sees it, or several together. */
export interface DeploymentsSeen {
  find(name: string): { summary(now: number): DeploymentSummary } | undefined;
}

export interface DeploymentAdministration {
  /** Those that are there now. */
  readonly deployments: () => readonly Deployment[];
  /** How those are that were used. */
  readonly board: DeploymentsSeen;
  readonly store: DrainedDeployments;
  readonly table: Pick<RouteTable, "drained">;
  /** Takes over what the store holds now. */
  readonly refresh: () => Promise<void>;
  /** Milliseconds of the clock that the board goes by. */
  readonly now: () => number;
}

const pathParams = z.object({ name: z.string().describe("Name of the deployment; slashes may be escaped or not.") });

export function listDeployments(administration: DeploymentAdministration): Endpoint {
  return {
    method: "GET",
    paths: ["/admin/v1/deployments"],
    permission: "admin",
    summary: "List the places that answer for models, in the order of their names, and how each is.",
    schemas: { answer: deploymentList },
    handle: async () => {
      const described = administration.deployments().map((one) => describe(one, administration));
      return { json: { object: "list", data: described.sort((a, b) => (a.name < b.name ? -1 : 1)) } };
    },
  };
}

export function changeDeployment(administration: DeploymentAdministration): Endpoint {
  const { deployments, store, refresh } = administration;
  return {
    method: "PUT",
    // Names hold slashes, which some clients escape and others do not.
    paths: ["/admin/v1/deployments/*"],
    permission: "admin",
    summary: "Drain a deployment on all gateways, so that it takes no new requests while running ones end; or let it take requests again.",
    schemas: { params: pathParams, body: changeDeploymentRequest, answer: deployment },
    handle: async ({ params, body }) => {
      const name = params["*"] ?? "";
      const { draining } = parseRequest(changeDeploymentRequest, body);
      const found = deployments().find((one) => one.name === name);
      if (found === undefined) throw new ApiError("deployment_not_found", `There is no deployment '${name}'.`, { param: "name" });
      await withDatabase(store.set(name, draining));
      await withDatabase(refresh());
      return { json: describe(found, administration) };
    },
  };
}

function describe(one: Deployment, { board, table, now }: DeploymentAdministration): DescribedDeployment {
  const health = board.find(one.name)?.summary(now());
  return {
    object: "deployment",
    name: one.name,
    model: one.model,
    engine: one.engine,
    state: one.state(),
    draining: table.drained.has(one.name),
    breaker: health?.breaker ?? "closed",
    retry_at: health?.retryAtMs === undefined ? null : Math.ceil(health.retryAtMs / 1_000),
    last_failure: health?.lastFailure?.message ?? null,
    in_flight: health?.inFlight ?? 0,
    max_concurrent: one.maxConcurrent ?? null,
    first_token_ms: health?.firstTokenMs ?? null,
    context_length: one.contextLength ?? null,
    price: one.price ?? null,
  };
}
