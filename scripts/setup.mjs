// Prepares this clone: checks what the machine must have, installs the npm packages, builds. Does nothing when nothing changed.
// `npm start` and `npm test` call it first. This file, requirements.mjs and setup/probes.mjs keep to what Node 12 can parse: an old Node must
// get the list of what is missing, not a syntax error.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describeUnmet, unmetRequirements } from "./requirements.mjs";
import { realProbes } from "./setup/probes.mjs";

const clone = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
// The npm script that it is part of.
const event = process.env.npm_lifecycle_event;
const situation = {
  clone,
  purpose: event === "start" || event === "test" ? event : "setup",
  env: process.env,
  platform: process.platform,
};

unmetRequirements(situation, realProbes(situation))
  .then((unmet) => {
    if (unmet.length > 0) {
      process.stderr.write(describeUnmet(unmet));
      return 1;
    }
    return import("./setup/set-up-clone.mjs").then((module) => module.setUpClone(clone));
  })
  .then((exitCode) => {
    process.exitCode = exitCode;
  })
  .catch((error) => {
    // An old Node would only warn, and let npm go on.
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  });
