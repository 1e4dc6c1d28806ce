import type { Resources } from "@bonfire/protocol/apply";
import { type Deployment, deploymentList } from "@bonfire/protocol/deployments";
import { createdKey } from "@bonfire/protocol/keys";
import type { RouteDefinition } from "@bonfire/protocol/routes";
import { platformStatus } from "@bonfire/protocol/status";
import type { UpstreamResource } from "@bonfire/protocol/upstreams";
import { type RunningPlatform, startPlatformProcess } from "../running-platform.ts";

interface CallOptions {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the admin's. */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal;
}

interface ChatOptions extends Omit<CallOptions, "method" | "body"> {
  readonly text?: string;
  readonly stream?: boolean;
}

/** What may be left out is left out; the platform checks the rest. */
interface Applied {
  readonly upstreams?: readonly (Pick<UpstreamResource, "name"> & Partial<UpstreamResource>)[];
  readonly routes?: readonly (Pick<RouteDefinition, "model"> & Record<string, unknown>)[];
  readonly aliases?: Resources["aliases"];
}

/** `bonfire up`, and what its clients and operators say to it. */
export interface Gateway extends RunningPlatform {
  call(path: string, options?: CallOptions): Promise<Response>;
  chat(model: string, options?: ChatOptions): Promise<Response>;
  apply(resources: Applied): Promise<void>;
  drain(deployment: string, draining?: boolean): Promise<void>;
  /** As this gateway sees it. */
  deployment(name: string): Promise<Deployment | undefined>;
  /** The secret of a new key. */
  newKey(name: string): Promise<string>;
  /** Requests that wait for places of a model. */
  waiting(model: string): Promise<number>;
  /** Places of a deployment that this gateway may use now. */
  share(deployment: string): Promise<number>;
  /** Rows of the ledger that have not reached the database. */
  unsavedRows(): Promise<number>;
}

interface GatewayOptions {
  readonly home: string;
  readonly key: string;
  readonly env: Readonly<Record<string, string>>;
}

export async function startGateway({ home, key: adminKey, env }: GatewayOptions): Promise<Gateway> {
  const platform = await startPlatformProcess({ home, env });
  const call: Gateway["call"] = (path, { method, body, headers = {}, key = adminKey, signal } = {}) =>
    fetch(new URL(path, platform.baseUrl), {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  const read = async (path: string, options?: CallOptions): Promise<unknown> => {
    const response = await call(path, options);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  const metric = async (series: string) => sumOf(await (await call("/metrics")).text(), series);
  return {
    ...platform,
    call,
    chat: (model, { text = "Hello", stream = false, ...options } = {}) =>
      call("/v1/chat/completions", { ...options, body: { model, messages: [{ role: "user", content: text }], stream } }),
    apply: async (resources) => {
      await read("/admin/v1/apply", { body: { resources } });
    },
    drain: async (deployment, draining = true) => {
      await read(`/admin/v1/deployments/${deployment}`, { method: "PUT", body: { draining } });
    },
    deployment: async (name) => deploymentList.parse(await read("/admin/v1/deployments")).data.find((one) => one.name === name),
    newKey: async (name) => createdKey.parse(await read("/admin/v1/keys", { body: { name } })).key,
    waiting: (model) => metric(`bonfire_admission_waiting{model="${model}"`),
    share: (deployment) => metric(`bonfire_deployment_places_share{deployment="${deployment}"`),
    unsavedRows: async () => platformStatus.parse(await read("/admin/v1/status")).ledger.waiting_rows,
  };
}

/** Of all series that begin so. */
function sumOf(metrics: string, series: string): number {
  const lines = metrics.split("\n").filter((line) => line.startsWith(series));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
