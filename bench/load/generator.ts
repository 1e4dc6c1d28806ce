// The load generator's process: takes plans from its parent, one after the other, and ends with it.
import { loadPlan } from "./load-plan.ts";
import { runPlan } from "./run-plan.ts";

process.on("message", async (message) => {
  process.send?.(await runPlan(loadPlan.parse(message)));
});
process.on("disconnect", () => process.exit());
