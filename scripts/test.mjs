// `npm test`: lint, types, unused code, vitest, pytest. Each runs also when an earlier one failed; the last line says how many passed and failed.
// `npm test -- <arguments>` runs vitest alone with these arguments, such as a part of a file name; `npm run test:long` runs what loads the machine
// for longer.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { check } from "./testing/check.mjs";
import { runPytest } from "./testing/pytest.mjs";
import { runVitest } from "./testing/vitest.mjs";

const clone = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const vitestArguments = process.argv.slice(2);

const everything = [
  check("lint", ["@biomejs/biome/bin/biome", "check", "."]),
  check("types", ["typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json"]),
  check("unused code", ["knip/bin/knip.js"]),
  runVitest(["--project", "unit", "--project", "engine"]),
  runPytest,
];

const interrupt = new AbortController();
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
for (const name of Object.keys(SIGNALS)) process.on(name, () => interrupt.abort(name));

const total = { passed: 0, failed: 0 };
for (const run of vitestArguments.length === 0 ? everything : [runVitest(vitestArguments)]) {
  const { passed, failed } = await run({ clone, signal: interrupt.signal });
  if (interrupt.signal.aborted) process.exit(SIGNALS[interrupt.signal.reason]);
  total.passed += passed;
  total.failed += failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
