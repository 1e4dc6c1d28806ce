import { type Deployment, deployment, deploymentList } from "@bonfire/protocol/deployments";
import { callAdmin } from "./admin-client.ts";
import { timeSpan } from "./amounts.ts";
import type { Connection } from "./platform-connection.ts";
import { type Paint, paintFor, print, printable, printJson, table } from "./terminal-text.ts";

interface Output extends Connection {
  readonly json?: boolean;
}

const COLOUR_OF_BREAKER = { open: "red", half_open: "yellow" } as const;

export async function listDeployments(options: Output): Promise<void> {
  const { data } = await callAdmin({ method: "GET", path: "/deployments", answer: deploymentList }, options);
  if (options.json === true) return printJson(data);
  if (data.length === 0) return print("There are no deployments: no model is installed, and no upstream has one.");
  print(deploymentTable(data, { now: Date.now() / 1_000, paint: paintFor(process.stdout) }));
}

/** Running requests end; new ones go elsewhere. */
export async function drainDeployment(name: string, options: Output): Promise<void> {
  const changed = await setDraining({ name, draining: true }, options);
  if (options.json === true) return printJson(changed);
  print(`${printable(changed.name)} takes no new requests; ${changed.in_flight} of this gateway still run there.`);
}

export async function resumeDeployment(name: string, options: Output): Promise<void> {
  const changed = await setDraining({ name, draining: false }, options);
  if (options.json === true) return printJson(changed);
  print(`${printable(changed.name)} takes requests again.`);
}

/** @param now Unix seconds */
export function deploymentTable(
  deployments: readonly Deployment[],
  { now, paint }: { readonly now: number; readonly paint: Paint },
): string {
  const rows = deployments.map((one) => [
    printable(one.name),
    stateOf(one, now, paint),
    one.max_concurrent === null ? String(one.in_flight) : `${one.in_flight} of ${one.max_concurrent}`,
    one.first_token_ms === null ? "" : `${Math.round(one.first_token_ms)} ms`,
    one.context_length === null ? "" : String(one.context_length),
    one.price === null ? "" : `$${one.price.input} / $${one.price.output}`,
  ]);
  return table([["DEPLOYMENT", "STATE", "RUNNING", "FIRST TOKEN", "CONTEXT", "PRICE"], ...rows]);
}

function stateOf({ state, draining, breaker, retry_at, last_failure }: Deployment, now: number, paint: Paint): string {
  const again = retry_at !== null && retry_at > now ? `, tried again in ${timeSpan(Math.ceil(retry_at - now))}` : "";
  const why = last_failure === null ? "" : `: ${printable(last_failure).replaceAll("\n", " ")}`;
  const words = [
    breaker === "closed" && state === "ready" ? paint("green", state) : state,
    ...(draining ? [paint("yellow", "draining")] : []),
    ...(breaker === "closed" ? [] : [`${paint(COLOUR_OF_BREAKER[breaker], `breaker ${breaker.replace("_", "-")}`)}${again}`]),
  ];
  return `${words.join(", ")}${breaker === "closed" && state !== "failed" ? "" : why}`;
}

function setDraining({ name, draining }: { readonly name: string; readonly draining: boolean }, options: Output): Promise<Deployment> {
  const path = `/deployments/${encodeURIComponent(name)}`;
  return callAdmin({ method: "PUT", path, body: { draining }, answer: deployment }, options);
}
