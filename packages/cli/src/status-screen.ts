import type { PlatformStatus } from "@bonfire/protocol/status";
import { bytes, timeSpan } from "./amounts.ts";
import { modelTable } from "./models/model-tables.ts";
import { BONFIRE } from "./program-name.ts";
import { type Paint, printable, table } from "./terminal-text.ts";

interface Look {
  /** Unix seconds. */
  readonly now: number;
  readonly paint: Paint;
}

/** One screen: where the platform is, how its parts do, and what each model does. */
export function statusScreen(status: PlatformStatus, { now, paint }: Look): string {
  const { database, ledger, memory, gpus, models } = status;
  const rows = [
    ["Base URL", status.base_url],
    ["Home", `${status.home}, process ${status.pid}`],
    ["Running", `for ${timeSpan(now - status.started_at)}, ${count(status.running_requests, "request")} now`],
    ["Database", databaseState(database, { now, paint })],
    ["Ledger", ledgerState(ledger)],
    ["Memory", share(memory.used_bytes, memory.budget_bytes)],
    ...gpus.map(({ name, memory_bytes }) => ["GPU", `${printable(name)}, ${bytes(memory_bytes)}`]),
    ...(memory.gpu_budget_bytes > 0 ? [["GPU memory", share(memory.gpu_used_bytes, memory.gpu_budget_bytes)]] : []),
  ];
  const list = models.length === 0 ? `No model is installed. Get one: ${BONFIRE} models pull smollm2` : modelTable(models, { now, paint });
  return `${paint("bold", `Bonfire ${status.version}`)}\n\n${table(rows)}\n\n${list}`;
}

function databaseState({ kind, state, since }: PlatformStatus["database"], { now, paint }: Look): string {
  const span = since === null ? "" : ` for ${timeSpan(now - since)}`;
  if (state === "up") return `${kind}, ${paint("green", "up")}${span}`;
  return `${kind}, ${paint("red", "down")}${span}: known keys go on working, changes are refused`;
}

function ledgerState({ running_attempts, waiting_rows, write_ahead_bytes }: PlatformStatus["ledger"]): string {
  const waiting = waiting_rows === 0 ? "all written" : `${count(waiting_rows, "row")} not in the database yet`;
  return `${count(running_attempts, "attempt")} running, ${waiting}, ${bytes(write_ahead_bytes)} write-ahead`;
}

function share(used: number, budget: number): string {
  return `${bytes(used)} of ${bytes(budget)} planned`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
