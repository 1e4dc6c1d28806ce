// Writes attempts until its file can grow no further, and prints what was acknowledged.

import { newId } from "@bonfire/protocol/ids";
import type { AttemptFacts } from "../attempt.ts";
import { WriteAheadFile } from "../write-ahead-file.ts";
import { beginLine } from "../write-ahead-record.ts";
import { FACTS, SUCCEEDED } from "./sample-attempts.ts";

const BEGIN_BYTES = 1_000;
const [directory = ""] = process.argv.slice(2);

const padding = BEGIN_BYTES - Buffer.byteLength(beginLine(newId("att"), FACTS));
const facts: AttemptFacts = { ...FACTS, model: FACTS.model + "x".repeat(padding) };
const failures: string[] = [];
const file = new WriteAheadFile({ directory, segmentBytes: 1_000_000, onFailure: (error) => failures.push(error.message) });

const begun: string[] = [];
let refused = 0;
while (refused < 2) {
  const id = newId("att");
  try {
    file.begin(id, facts);
    begun.push(id);
  } catch {
    refused += 1;
  }
}
// An end is shorter than a begin, but does not fit either.
const unwritten = begun.splice(0, 5).map((id) => file.end(id, SUCCEEDED));
const failuresWhileFull = failures.length;
// As if the database had four of these rows: the next segment has room then.
file.settle(unwritten.slice(1));
file.rotate();
const written = begun.splice(0, 2).map((id) => file.end(id, SUCCEEDED));
console.log(JSON.stringify({ unwritten, written, running: begun, refused, failuresWhileFull, segment: file.segment }));
