import { finishHash, hashStep } from "./text-hash.ts";

const FIRST_BLOCK = 256;
/** Characters; what is behind them tells no more of where the beginning was computed. */
const LONGEST_PREFIX = 32_768;
/** A few megabytes. */
const MOST_ENTRIES = 20_000;

export interface KnownPrefix {
  /** The name of the deployment that served it last. */
  readonly deployment: string;
  /** How many borders lie inside the shared beginning, 1 or more: it has at least 256 × 2^(blocks − 1) characters. */
  readonly blocks: number;
}

/**
 * Which deployment has served a prompt that begins alike, and so may still have its beginning computed. Beginnings are compared by their hashes at
 * borders that double, 256, 512, 1,024 … characters: what is told apart is at most half of what is shared. What was not used for longest is forgotten.
 */
export class PrefixIndex {
  readonly #mostEntries: number;
  /** The one used last stands last. */
  readonly #deployments = new Map<number, string>();

  constructor({ mostEntries = MOST_ENTRIES }: { readonly mostEntries?: number } = {}) {
    this.#mostEntries = mostEntries;
  }

  get size(): number {
    return this.#deployments.size;
  }

  /** @param isUsable whether a deployment can take the request; shorter beginnings are looked at for others. */
  longest(promptText: string, isUsable: (deployment: string) => boolean = () => true): KnownPrefix | undefined {
    const keys = keysOf(promptText);
    for (let blocks = keys.length; blocks > 0; blocks--) {
      const key = keys[blocks - 1];
      const deployment = key === undefined ? undefined : this.#deployments.get(key);
      if (deployment !== undefined && isUsable(deployment)) return { deployment, blocks };
    }
    return undefined;
  }

  /** Prompts that are shorter than the first border are not noted. */
  note(promptText: string, deployment: string): void {
    // The shortest is set last: it is what most prompts share, and is to be forgotten last.
    for (const key of keysOf(promptText).reverse()) {
      this.#deployments.delete(key);
      this.#deployments.set(key, deployment);
    }
    for (const oldest of this.#deployments.keys()) {
      if (this.#deployments.size <= this.#mostEntries) break;
      this.#deployments.delete(oldest);
    }
  }
}

/** What prompts that begin alike have in common: where no deployment is known, `chooseBySession` leads all gateways to the same one by it. */
export function firstBlock(promptText: string): string {
  return promptText.slice(0, FIRST_BLOCK);
}

const SEEDS = [0x811c9dc5, 0x2f0b4a57] as const;

/** One for each border in the text, the shortest first: 53 bits out of two hashes, so that no two beginnings are ever taken for one. */
function keysOf(text: string): number[] {
  const keys: number[] = [];
  let [high, low]: [number, number] = [...SEEDS];
  let index = 0;
  for (let border = FIRST_BLOCK; border <= Math.min(text.length, LONGEST_PREFIX); border *= 2) {
    for (; index < border; index++) {
      const unit = text.charCodeAt(index);
      high = hashStep(high, unit);
      low = hashStep(low, unit);
    }
    keys.push((finishHash(high) >>> 11) * 2 ** 32 + finishHash(low));
  }
  return keys;
}
