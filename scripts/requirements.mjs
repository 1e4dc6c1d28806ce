// What the machine must have before anything is installed: data, with the one question to a probe that decides, and the command that mends it.
// Parsed by old Nodes too, see setup.mjs: no optional chaining, no `??`, no top-level await.
import path from "node:path";

const GIGABYTE = 1e9;
const LAST_PORT = 65535;

/**
 * `appliesTo(situation, probes)` says whether it matters here; `check(situation, probes)` gives (a promise of) what is wrong, or
 * undefined; `mend(situation, probes, wrong)` is the line to type. `wrong` may be a text, or an object with `text` and what `mend` needs.
 */
const requirements = [
  {
    what: "Linux or macOS",
    appliesTo: () => true,
    check: (situation) => (situation.platform === "win32" ? "this is Windows" : undefined),
    mend: () => "Run it in WSL 2: https://learn.microsoft.com/windows/wsl/install",
  },
  {
    what: "Node.js 20.19 or newer",
    appliesTo: () => true,
    check: (_, probes) => (isAtLeast(probes.nodeVersion, [20, 19]) ? undefined : `this is Node.js ${probes.nodeVersion}`),
    mend: (situation) =>
      situation.platform === "darwin"
        ? "brew install node"
        : "Install the LTS version: https://nodejs.org/en/download (or: nvm install --lts)",
  },
  {
    what: "npm",
    appliesTo: () => true,
    check: (_, probes) => (probes.hasNpm() ? undefined : "it is not on the PATH"),
    mend: () => "It comes with Node.js: https://nodejs.org/en/download",
  },
  {
    what: "Python 3.10 or newer with venv and ensurepip",
    appliesTo: needsPython,
    check: checkPython,
    mend: mendPython,
  },
  {
    what: "A free port",
    appliesTo: (situation) => situation.purpose === "start",
    check: checkPort,
    mend: (_situation, _probes, wrong) => `BONFIRE_PORT=${wrong.suggestion} npm start`,
  },
  {
    what: "1.5 GB of free disk space for the npm packages and the build",
    appliesTo: (situation, probes) => !probes.isFilledFolder(path.join(situation.clone, "node_modules")),
    check: (situation, probes) => checkSpace(probes, situation.clone, 1.5 * GIGABYTE),
    mend: (situation) => `Free some space on the disk of ${situation.clone}, or move the clone to another disk.`,
  },
  {
    what: "1 GB of free disk space for models and engines",
    // What a filled cache already holds is not needed a second time.
    appliesTo: (_, probes) => !probes.isFilledFolder(probes.cacheFolder),
    check: (_, probes) => checkSpace(probes, probes.cacheFolder, GIGABYTE),
    mend: (situation) => `BONFIRE_CACHE=/a/folder/on/a/larger/disk ${commandOf(situation)}`,
  },
];

/** All that is wrong at once, in the order of the list: `{ what, problem, mend }` each. */
export async function unmetRequirements(situation, probes, list = requirements) {
  const unmet = [];
  for (const requirement of list) {
    if (!requirement.appliesTo(situation, probes)) continue;
    const wrong = await requirement.check(situation, probes);
    if (wrong === undefined) continue;
    const problem = typeof wrong === "string" ? wrong : wrong.text;
    unmet.push({ what: requirement.what, problem, mend: requirement.mend(situation, probes, wrong) });
  }
  return unmet;
}

export function describeUnmet(unmet) {
  const count = unmet.length === 1 ? "One thing is missing" : `${unmet.length} things are missing`;
  const entries = unmet.map(({ what, problem, mend }) => `\n  ${what}: ${problem}.\n    ${mend}\n`);
  return `Bonfire cannot go on. ${count}:\n${entries.join("")}\n`;
}

/** The tests run pytest; otherwise Python is only needed for the llama.cpp server that comes as a wheel. */
function needsPython(situation, probes) {
  if (situation.purpose === "test") return true;
  return !situation.env.BONFIRE_LLAMA_SERVER && !probes.hasProgram("llama-server");
}

function checkPython(_, probes) {
  const python = probes.python();
  if (!python) return { text: "no Python is on the PATH", reason: "missing" };
  if (!python.version) return { text: `${python.program} does not start`, reason: "missing" };
  if (!isAtLeast(python.version, [3, 10])) return { text: `${python.program} is Python ${python.version}`, reason: "old" };
  if (!python.hasVenv) return { text: `${python.program} (Python ${python.version}) lacks the modules venv and ensurepip`, reason: "venv" };
  return undefined;
}

function mendPython(situation, probes, wrong) {
  if (situation.platform === "darwin") return "brew install python";
  if (wrong.reason !== "old" && probes.hasProgram("apt-get")) {
    return `${probes.isRoot ? "" : "sudo "}apt-get install -y python3 python3-venv`;
  }
  return "Install it from https://www.python.org/downloads/ so that it comes first on the PATH.";
}

async function checkPort(situation, probes) {
  const host = situation.env.BONFIRE_HOST || "127.0.0.1";
  const wanted = situation.env.BONFIRE_PORT || "8080";
  if (!/^\d+$/.test(wanted) || Number(wanted) > LAST_PORT) {
    return { text: `BONFIRE_PORT is "${wanted}", expected a number from 0 to ${LAST_PORT}`, suggestion: 8080 };
  }
  const port = Number(wanted);
  const failure = await probes.portFailure(host, port);
  if (failure === undefined) return undefined;
  if (failure === "EADDRNOTAVAIL" || failure === "ENOTFOUND") {
    return { text: `BONFIRE_HOST is "${host}", which is no address of this machine`, suggestion: `${port} BONFIRE_HOST=127.0.0.1` };
  }
  const text = failure === "EACCES" ? `this user may not open port ${port} on ${host}` : `port ${port} on ${host} is in use`;
  return { text, suggestion: await freePortAfter(failure === "EACCES" ? LAST_PORT_OF_ROOT : port, host, probes) };
}

const LAST_PORT_OF_ROOT = 1023;
const PORTS_TO_TRY = 20;

async function freePortAfter(port, host, probes) {
  for (let candidate = port + 1; candidate <= Math.min(port + PORTS_TO_TRY, LAST_PORT); candidate += 1) {
    if ((await probes.portFailure(host, candidate)) === undefined) return candidate;
  }
  return 0; // any free one
}

function checkSpace(probes, folder, wanted) {
  const free = probes.freeBytes(folder);
  return free === undefined || free >= wanted ? undefined : `${folder} has ${(free / GIGABYTE).toFixed(1)} GB`;
}

function commandOf(situation) {
  return situation.purpose === "setup" ? "npm run setup" : `npm ${situation.purpose}`;
}

/** "20.19.2" or "v20.19.2" against [20, 19]. */
function isAtLeast(version, [major, minor]) {
  const [actualMajor, actualMinor] = version.replace(/^v/, "").split(".").map(Number);
  return actualMajor > major || (actualMajor === major && actualMinor >= minor);
}
