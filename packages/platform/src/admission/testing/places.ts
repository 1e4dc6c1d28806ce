import { ManualClock } from "../../deployments/testing/manual-clock.ts";
import { AdmissionQueues } from "../admission-queues.ts";
import type { AdmissionRequest, Admitted } from "../admission-request.ts";

/** Places of several deployments. */
export class Places {
  readonly #free: Map<string, number>;

  constructor(free: Readonly<Record<string, number>>) {
    this.#free = new Map(Object.entries(free));
  }

  take(deployment: string): string | undefined {
    const free = this.#free.get(deployment) ?? 0;
    if (free === 0) return undefined;
    this.#free.set(deployment, free - 1);
    return deployment;
  }

  free(deployment: string): void {
    this.#free.set(deployment, (this.#free.get(deployment) ?? 0) + 1);
  }

  isFree(deployment: string): boolean {
    return (this.#free.get(deployment) ?? 0) > 0;
  }
}

export interface Entered {
  readonly outcome: Promise<Admitted<string>>;
  readonly cancel: AbortController;
}

type Change = Partial<AdmissionRequest<string>> & { readonly place?: string };

interface TriedQueues {
  readonly queues: AdmissionQueues;
  readonly clock: ManualClock;
  /** Names of the requests that got a place, in order. */
  readonly started: string[];
  /** Asks for a place of the deployment `here`, unless the change says otherwise. */
  enter(name: string, change?: Change): Entered;
  free(deployment: string): void;
}

export function queuesOn(
  places: Places,
  options: Partial<Omit<ConstructorParameters<typeof AdmissionQueues>[0], "clock">> = {},
): TriedQueues {
  const clock = new ManualClock();
  const queues = new AdmissionQueues({ mostWaiting: 100, deadlineMs: 30_000, ...options, clock });
  const started: string[] = [];
  return {
    queues,
    clock,
    started,
    enter: (name, { place = "here", ...change } = {}) => {
      const cancel = new AbortController();
      const tryStart = (): string | undefined => {
        const taken = places.take(place);
        if (taken !== undefined) started.push(name);
        return taken;
      };
      const entered = queues.enter({ queue: "m", tier: "default", fairKey: "key", signal: cancel.signal, tryStart, ...change });
      const outcome = Promise.resolve(entered);
      // How it ends is looked at by some tests alone.
      outcome.catch(() => undefined);
      return { outcome, cancel };
    },
    free: (deployment) => {
      places.free(deployment);
      queues.placeFreed();
    },
  };
}

export async function settled<T>(outcome: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await outcome };
  } catch (error) {
    return { error };
  }
}
