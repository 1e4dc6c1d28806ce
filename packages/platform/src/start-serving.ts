import { AdmissionQueues } from "./admission/admission-queues.ts";
import type { Ledger } from "./metering/ledger.ts";
import type { Metrics } from "./observability/metrics.ts";
import type { Deployment } from "./routing/deployment.ts";
import { DeploymentBoard } from "./routing/deployment-board.ts";
import type { BreakerChange } from "./routing/deployment-health.ts";
import { PrefixIndex } from "./routing/prefix-index.ts";
import { RetryBudget } from "./routing/retry-budget.ts";
import { shareOfPlaces } from "./routing/service-share.ts";
import type { AnswerCache } from "./serving/answer-cache.ts";
import { AttemptRecorder } from "./serving/attempt-recorder.ts";
import { HedgeBudgets } from "./serving/hedge-budgets.ts";
import type { ModelDirectory } from "./serving/model-directory.ts";
import { type LoadImages, Serving } from "./serving/serving.ts";
import { TargetChooser } from "./serving/target-chooser.ts";

interface ServingOptions {
  readonly models: ModelDirectory;
  readonly ledger: Pick<Ledger, "begin">;
  readonly metrics: Metrics;
  readonly loadImages: LoadImages;
  readonly answers?: AnswerCache | undefined;
  readonly queue: {
    /** Requests that wait for one model. */
    readonly mostWaiting: number;
    readonly deadlineMs: number;
  };
  /** Absent where none is drained. */
  readonly isDraining?: (deployment: string) => boolean;
  /** Requests at a deployment, one number for each other gateway. Absent where this is the only one. */
  readonly inFlightElsewhere?: (deployment: string) => readonly number[];
  readonly onBreaker?: (change: BreakerChange) => void;
}

export interface StartedServing {
  readonly serving: Serving;
  readonly attempts: AttemptRecorder;
  readonly board: DeploymentBoard;
  readonly queues: AdmissionQueues;
  /** Until when deployments are left alone that failed here, milliseconds since 1970 by name. */
  readonly openedHere: ReadonlyMap<string, number>;
}

const ALONE: readonly number[] = [];

/** What stands between a model's name and its deployments. It holds no timers of its own, and needs no end. */
export function startServing(options: ServingOptions): StartedServing {
  const {
    models,
    ledger,
    metrics,
    loadImages,
    answers,
    queue,
    isDraining = () => false,
    inFlightElsewhere = () => ALONE,
    onBreaker,
  } = options;
  const attempts = new AttemptRecorder({ ledger, metrics });
  const openedHere = new Map<string, number>();
  const board = new DeploymentBoard({
    onBreaker: (change) => {
      noteOpened(openedHere, change);
      onBreaker?.(change);
    },
  });
  const queues = new AdmissionQueues({ ...queue, clock: { now: () => performance.now(), after } });
  const prefixes = new PrefixIndex();
  const { random } = Math;
  const placesAt = ({ name, maxConcurrent: limit }: Deployment): number =>
    limit === undefined ? Number.POSITIVE_INFINITY : shareOfPlaces({ limit, others: inFlightElsewhere(name) });
  const routing = {
    ...{ board, queues, prefixes, random, recorder: attempts, metrics, now: Date.now },
    chooser: new TargetChooser({ board, prefixes, placesAt, isDraining, random }),
    retryBudget: new RetryBudget(),
    hedgeBudgets: new HedgeBudgets(),
  };
  const serving = new Serving({ models, routing, loadImages, ...(answers === undefined ? {} : { answers }) });
  return { serving, attempts, board, queues, openedHere };
}

/** What another gateway told need not be told again. */
function noteOpened(openedHere: Map<string, number>, { deployment, phase, retryAtMs, isHint }: BreakerChange): void {
  if (phase === "open" && retryAtMs !== undefined && !isHint) openedHere.set(deployment, retryAtMs);
  else openedHere.delete(deployment);
}

function after(milliseconds: number, act: () => void): () => void {
  const timer = setTimeout(act, milliseconds);
  return () => clearTimeout(timer);
}
