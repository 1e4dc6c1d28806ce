// Makes attempts without end on a replica, several at once, until it is killed. Prints a line before and after the ledger's start.
import { Agent, request } from "node:http";
import { openDatabase } from "../../storage/database.ts";
import { Ledger } from "../ledger.ts";
import { LedgerStore } from "../ledger-store.ts";
import { FACTS, SUCCEEDED } from "./sample-attempts.ts";

const [databaseUrl = "", directory = "", replicaUrl = "", deployment = "", workers = ""] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

/** Resolves when the answer is there. */
function post(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(`${replicaUrl}${path}`, { method: "POST", agent }, (response) => response.resume().once("end", () => resolve()))
      .once("error", reject)
      .end();
  });
}

async function work(): Promise<never> {
  for (;;) {
    const attempt = ledger.begin({ ...FACTS, deployment });
    await post(`/attempts/${attempt.id}`);
    attempt.end(SUCCEEDED);
    await post(`/acknowledged/${attempt.id}`);
  }
}

const { database } = await openDatabase(databaseUrl, () => undefined);
const ledger = new Ledger({
  directory,
  store: new LedgerStore(database),
  onFailure: (error) => console.error(error),
  onRecovery: () => undefined,
  sizes: { segmentBytes: 20_000, batchMs: 30 },
});
console.log(JSON.stringify("starting"));
await ledger.start();
console.log(JSON.stringify("started"));
await Promise.all(Array.from({ length: Number(workers) }, work));
