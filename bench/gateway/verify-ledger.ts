import { Client } from "pg";
import { z } from "zod";
import type { Budget } from "../measure/budget.ts";
import { printTable } from "../measure/table.ts";
import { until } from "../processes/until.ts";
import { readMockCounts } from "./mock-counts.ts";

const ledgerRow = z.object({ model: z.string(), requests: z.coerce.number(), completion_tokens: z.coerce.number() });
type Counts = ReadonlyMap<string, { readonly requests: number; readonly completionTokens: number }>;

/** Rows reach the database in batches, a moment after their answers. */
const PATIENCE_MS = 20_000;
const UNDEFINED_TABLE = "42P01";

/** Compares the ledger with what the mock has counted, to the row and to the token. */
export async function verifyLedger(databaseUrl: string, mockPort: number): Promise<Budget[]> {
  const { models, refused } = await readMockCounts(mockPort);
  const expected: Counts = new Map(Object.entries(models).filter(([, { requests }]) => requests > 0));
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  let ledger: Counts = new Map();
  try {
    await until(
      "Equality of the ledger and the mock's count",
      async () => {
        ledger = await readLedger(client, [...expected.keys()]);
        return difference(expected, ledger, "requests") === 0 && difference(expected, ledger, "completionTokens") === 0;
      },
      { patienceMs: PATIENCE_MS, everyMs: 200 },
    ).catch(() => undefined);
  } finally {
    await client.end();
  }
  printTable(
    "Tier B: the ledger and the mock's own count",
    ["model", "mock requests", "ledger rows", "mock tokens", "ledger tokens"],
    [...expected].map(([model, { requests, completionTokens }]) => {
      const rows = ledger.get(model);
      return [
        model,
        String(requests),
        String(rows?.requests ?? "none"),
        String(completionTokens),
        String(rows?.completionTokens ?? "none"),
      ];
    }),
  );
  const reason =
    expected.size === 0 ? "no request reached the mock" : refused > 0 ? `the mock refused ${refused} requests as malformed` : undefined;
  return (["requests", "completionTokens"] as const).map((field) => ({
    name: `B ledger ${field === "requests" ? "rows" : "tokens"} that differ from the mock's count`,
    measured: difference(expected, ledger, field),
    limit: 0,
    relation: "at-most",
    unit: "",
    void: reason,
  }));
}

function difference(expected: Counts, ledger: Counts, field: "requests" | "completionTokens"): number {
  return [...expected].reduce((sum, [model, counts]) => sum + Math.abs(counts[field] - (ledger.get(model)?.[field] ?? 0)), 0);
}

/** Only finished answers count: each one of this benchmark is. */
async function readLedger(client: Client, models: readonly string[]): Promise<Counts> {
  try {
    const { rows } = await client.query(
      `select model, count(*) as requests, coalesce(sum(completion_tokens), 0) as completion_tokens
       from ledger where model = any($1) and outcome = 'succeeded' group by model`,
      [models],
    );
    return new Map(
      z
        .array(ledgerRow)
        .parse(rows)
        .map(({ model, requests, completion_tokens }) => [model, { requests, completionTokens: completion_tokens }]),
    );
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === UNDEFINED_TABLE) return new Map();
    throw error;
  }
}
