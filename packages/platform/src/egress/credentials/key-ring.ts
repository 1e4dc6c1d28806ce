import { EngineError } from "../../engine/engine-error.ts";
import { type KeyRest, type Refusal, restAfter } from "./key-rest.ts";

/** One of an upstream's keys, opened when it is first needed. */
interface RingKey<Material> {
  readonly name: string;
  /** @throws when it cannot be had */
  readonly open: () => Material;
}

export interface KeyRested {
  readonly key: string;
  /** What the other side answered; undefined for a key that cannot be opened. */
  readonly status: number | undefined;
  readonly forMs: number;
}

interface KeyRingOptions<Material> {
  readonly keys: readonly RingKey<Material>[];
  readonly onRest?: ((rested: KeyRested) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

export interface TakenKey<Material> {
  readonly material: Material;
  /** What became of it over there. @returns whether another key can be taken now. */
  readonly refused: (status: number, retryAfterMs: number | undefined) => boolean;
}

interface KeyState<Material> {
  readonly key: RingKey<Material>;
  material: { readonly value: Material } | undefined;
  rest: KeyRest | undefined;
  /** By model: what a key may not do for one it may do for another. */
  readonly modelRests: Map<string, KeyRest>;
}

/** Models that one key rests for; beyond that the oldest is forgotten, which costs one more refusal. */
const MOST_MODEL_RESTS = 1_000;

/** An upstream's keys take turns, and rest when they were refused or used up. */
export class KeyRing<Material> {
  readonly #states: readonly KeyState<Material>[];
  readonly #onRest: (rested: KeyRested) => void;
  readonly #now: () => number;
  #turn = 0;

  constructor({ keys, onRest = () => undefined, now = Date.now }: KeyRingOptions<Material>) {
    this.#states = keys.map((key) => ({ key, material: undefined, rest: undefined, modelRests: new Map() }));
    this.#onRest = onRest;
    this.#now = now;
  }

  /** @throws EngineError `refused`, `rate-limited` while all of them rest, with the time until the first comes back */
  take(model: string): TakenKey<Material> {
    let failure: unknown;
    // Each turn takes a key or lets one rest.
    for (;;) {
      const state = this.#next(model);
      if (state === undefined) throw this.#allRest(model, failure);
      try {
        state.material ??= { value: state.key.open() };
      } catch (error) {
        failure = error;
        this.#refused(state, model, { status: undefined });
        continue;
      }
      return {
        material: state.material.value,
        refused: (status, retryAfterMs) => this.#refused(state, model, { status, retryAfterMs }),
      };
    }
  }

  #next(model: string): KeyState<Material> | undefined {
    const now = this.#now();
    for (let tried = 0; tried < this.#states.length; tried++) {
      const state = this.#states[this.#turn % this.#states.length];
      this.#turn = (this.#turn + 1) % this.#states.length;
      if (state !== undefined && restOf(state, model, now) === undefined) return state;
    }
    return undefined;
  }

  #refused(state: KeyState<Material>, model: string, answer: Pick<Refusal, "status" | "retryAfterMs">): boolean {
    const now = this.#now();
    const othersAreLeft = this.#states.some((other) => other !== state && restOf(other, model, now) === undefined);
    const rest = restAfter({ ...answer, othersAreLeft, now });
    if (rest === undefined) return false;
    if (rest.scope === "key") state.rest = rest;
    else rememberModel(state.modelRests, model, rest);
    this.#onRest({ key: state.key.name, status: answer.status, forMs: rest.until - now });
    return othersAreLeft;
  }

  #allRest(model: string, cause: unknown): EngineError {
    const now = this.#now();
    const [first] = this.#states
      .map((state) => restOf(state, model, now))
      .filter((rest) => rest !== undefined)
      .sort((one, other) => one.until - other.until);
    const kind = first?.kind ?? "refused";
    const message = kind === "refused" ? "The upstream refuses all keys that it is asked with." : "The upstream's limits are used up.";
    return new EngineError(kind, message, { retryAfterMs: (first?.until ?? now) - now, cause });
  }
}

/** The longer of the rests that a key takes now, from all it is used for and from one model. */
function restOf<Material>({ rest, modelRests }: KeyState<Material>, model: string, now: number): KeyRest | undefined {
  const forModel = modelRests.size === 0 ? undefined : modelRests.get(model);
  const longer = (forModel?.until ?? 0) > (rest?.until ?? 0) ? forModel : rest;
  return longer === undefined || longer.until <= now ? undefined : longer;
}

function rememberModel(rests: Map<string, KeyRest>, model: string, rest: KeyRest): void {
  rests.delete(model);
  rests.set(model, rest);
  const [oldest] = rests.keys();
  if (rests.size > MOST_MODEL_RESTS && oldest !== undefined) rests.delete(oldest);
}
