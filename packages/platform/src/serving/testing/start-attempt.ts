import type { AttemptFacts } from "../../metering/attempt.ts";
import { Metrics } from "../../observability/metrics.ts";
import { TRACING_OFF } from "../../observability/tracing.ts";
import type { AttemptTimeouts } from "../../routing/deployment.ts";
import { DeploymentBoard } from "../../routing/deployment-board.ts";
import type { DeploymentHealth } from "../../routing/deployment-health.ts";
import { Attempt } from "../attempt.ts";
import { AttemptRecorder, type Origin } from "../attempt-recorder.ts";
import type { ScriptedDeployment } from "./scripted-deployment.ts";

interface StartedAttempt {
  readonly attempt: Attempt;
  readonly health: DeploymentHealth;
  /** The request's own signal. */
  readonly request: AbortController;
  /** How often its end was told. */
  readonly ends: () => number;
  /** How often its lease was given back. */
  readonly released: () => number;
}

interface Given extends Partial<AttemptTimeouts> {
  readonly board?: DeploymentBoard;
  readonly cause?: AttemptFacts["cause"];
}

/** One that has its place at a scripted deployment; it is noted nowhere. */
export function startAttempt({ deployment: scripted }: ScriptedDeployment, given: Given = {}): StartedAttempt {
  const { board = new DeploymentBoard(), cause = "first", ...timeouts } = given;
  const health = board.of(scripted.name);
  const place = health.begin(Date.now());
  const request = new AbortController();
  let ends = 0;
  let released = 0;
  const acquire: typeof scripted.acquire = async (signal) => {
    const { client } = await scripted.acquire(signal);
    return { client, release: () => void released++ };
  };
  const attempt = new Attempt({
    deployment: { ...scripted, acquire },
    ...{ model: "m", number: 1, cause, place, queuedMs: 0, promptParam: "prompt", origin: originOf() },
    request: { prompt: { kind: "text", text: "a" }, choices: 1, stop: [] },
    timeouts: { ...scripted.timeouts, ...timeouts },
    signal: request.signal,
    recorder: new AttemptRecorder({
      ledger: { begin: () => ({ id: "att_1", end: () => undefined }) },
      metrics: new Metrics({ version: "test" }),
    }),
    onEnd: () => {
      ends++;
      place.release(Date.now());
    },
  });
  return { attempt, health, request, ends: () => ends, released: () => released };
}

function originOf(): Origin {
  const trace = TRACING_OFF.startRequest({ headers: {}, method: "POST", route: "/", requestId: "req_1", arrivedAt: 0 });
  const ids = { requestId: "req_1", accountId: "a", projectId: "p", keyId: "key_1" };
  return { ...ids, endpoint: "completions", streamed: false, onAttempt: () => undefined, trace };
}
