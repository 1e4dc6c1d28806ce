import type { DeploymentSummary } from "../routing/deployment-health.ts";
import type { DeploymentSeen } from "./messages.ts";

type Summaries = { find(name: string): { summary(now: number): DeploymentSummary } | undefined };

/** The worse comes first: what one gateway leaves alone is not well, though others have not noticed yet. */
const BREAKERS = ["open", "half_open", "closed"] as const;

/** How deployments are, as this process and the workers see them together. @param seen by each worker, as of its last report. */
export function seenTogether(own: Summaries, seen: () => readonly (readonly DeploymentSeen[])[]): Summaries {
  return {
    find: (name) => {
      const here = own.find(name);
      const there = seen().flatMap((deployments) => deployments.filter((one) => one.name === name));
      if (here === undefined && there.length === 0) return undefined;
      return { summary: (now) => together(name, [...(here === undefined ? [] : [here.summary(now)]), ...there]) };
    },
  };
}

/** Answers of one process only, before which nothing is known of the time. */
function together(name: string, all: readonly (DeploymentSummary | DeploymentSeen)[]): DeploymentSummary {
  const known = <Value>(values: readonly (Value | undefined)[]): Value[] => values.flatMap((value) => (value === undefined ? [] : [value]));
  const retryAts = known(all.map(({ retryAtMs }) => retryAtMs));
  const [latest] = known(all.map(({ lastFailure }) => lastFailure)).sort((a, b) => b.atMs - a.atMs);
  const firstTokens = known(all.map(({ firstTokenMs }) => firstTokenMs));
  return {
    name,
    inFlight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
    breaker: BREAKERS.find((phase) => all.some(({ breaker }) => breaker === phase)) ?? "closed",
    retryAtMs: retryAts.length === 0 ? undefined : Math.max(...retryAts),
    lastFailure: latest === undefined ? undefined : { retryClass: undefined, ...latest },
    firstTokenMs: firstTokens.length === 0 ? undefined : firstTokens.reduce((sum, ms) => sum + ms, 0) / firstTokens.length,
    firstTokenP95Ms: undefined,
  };
}
