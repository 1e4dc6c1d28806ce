// What requirements.mjs asks of the real machine. Parsed by old Nodes too, see setup.mjs.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { findPrograms } from "./find-program.mjs";

export function realProbes(situation) {
  const { clone, env, platform } = situation;
  const find = (name) => findPrograms(name, env, platform);
  return {
    nodeVersion: process.versions.node,
    isRoot: typeof process.getuid === "function" && process.getuid() === 0,
    cacheFolder: cacheFolder(env, platform),
    hasProgram: (name) => find(name).length > 0,
    hasNpm: () => Boolean(env.npm_execpath) || find("npm").length > 0,
    python: () => findPython(find, path.join(clone, ".setup", "python.json")),
    portFailure,
    freeBytes,
    isFilledFolder: (folder) => fs.existsSync(folder) && fs.readdirSync(folder).length > 0,
  };
}

// In the order in which the platform looks for one, when it makes an environment.
const PYTHON_NAMES = ["python3.13", "python3.12", "python3.11", "python3.10", "python3", "python"];
const OLDEST_PYTHON_MINOR = 10;

const ASK_PYTHON = `
import json, platform
answer = {"version": platform.python_version(), "hasVenv": True}
try:
    import ensurepip, venv
    answer["ensurepip"] = ensurepip.__file__
except ImportError:
    answer["hasVenv"] = False
print(json.dumps(answer))
`;

/**
 * The first fit one on the PATH, or else the first that at least starts, or else any; `{ program, version, hasVenv }`.
 * Starting Python costs more than all the other checks: a fit one is remembered for as long as the same files lie there.
 */
function findPython(find, memory) {
  const remembered = readJson(memory);
  if (remembered && isAsItWas(remembered, find)) return remembered;
  const candidates = [];
  for (const program of PYTHON_NAMES.flatMap(find)) {
    const candidate = Object.assign({ program }, askPython(program));
    if (isFit(candidate)) {
      remember(memory, Object.assign(candidate, { stamp: stampOf(program) }));
      return candidate;
    }
    candidates.push(candidate);
  }
  return candidates.find((candidate) => candidate.version) || candidates[0];
}

/** Still on the PATH, and the same files. */
function isAsItWas({ program, stamp, ensurepip }, find) {
  return find(path.basename(program)).includes(program) && stampOf(program) === stamp && fs.existsSync(ensurepip);
}

function isFit({ version, hasVenv }) {
  const [major, minor] = (version || "").split(".").map(Number);
  return hasVenv === true && major === 3 && minor >= OLDEST_PYTHON_MINOR;
}

/** Undefined when it is gone. */
function stampOf(program) {
  try {
    const real = fs.realpathSync(program);
    return `${real} ${fs.statSync(real).mtimeMs}`;
  } catch (_) {
    return undefined;
  }
}

function askPython(program) {
  // -I: neither the user's environment nor files in the current folder answer for the interpreter.
  const asked = spawnSync(program, ["-I", "-c", ASK_PYTHON], { encoding: "utf8", timeout: 30000, stdio: ["ignore", "pipe", "ignore"] });
  try {
    return JSON.parse(asked.stdout);
  } catch (_) {
    return {}; // a stub that only opens a store, or a broken installation
  }
}

function remember(file, fact) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, JSON.stringify(fact));
  fs.renameSync(draft, file);
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** The code of the error that listening there gives, or undefined when it is free. */
function portFailure(host, port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error) => resolve(error.code));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Of the disk that holds the folder, or would hold it; undefined where Node is too old to tell. */
function freeBytes(folder) {
  if (typeof fs.statfsSync !== "function") return undefined;
  let existing = path.resolve(folder);
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  const disk = fs.statfsSync(existing);
  return disk.bavail * disk.bsize;
}
