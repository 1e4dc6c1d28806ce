import type { LaunchPlan, MemoryBytes } from "../engine/engine.ts";
import { fitsInto } from "./memory.ts";

interface PlanChoice {
  readonly plan: (budget: MemoryBytes) => LaunchPlan;
  /** What all models together may take. */
  readonly budget: MemoryBytes;
  /** What no loaded model takes now. */
  readonly free: MemoryBytes;
}

/**
 * The plan for the whole budget, as if the model were alone. Where that does not fit beside what is loaded, but one with fewer slots does, that
 * one: fewer requests at once cost less than unloading somebody else. Its context and its share of the accelerator are never cut for
 * the sake of others, so what a model can do does not depend on what was loaded before it.
 */
export function choosePlan({ plan, budget, free }: PlanChoice): LaunchPlan {
  const alone = plan(budget);
  if (fitsInto(alone.memory, free)) return alone;
  const beside = plan(free);
  const asGood = beside.contextLength >= alone.contextLength && beside.gpuLayers >= alone.gpuLayers;
  return asGood && fitsInto(beside.memory, free) ? beside : alone;
}
