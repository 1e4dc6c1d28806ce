// The set-up in a fake clone: two packages, a "lockfile", and steps that write what the real ones would.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeUnmet, unmetRequirements } from "./requirements.mjs";
import { buildPackages } from "./setup/build-packages.mjs";
import { cacheFolder } from "./setup/cache-folder.mjs";
import { acquireCloneLock } from "./setup/clone-lock.mjs";
import { installPackages } from "./setup/install-packages.mjs";
import { realProbes } from "./setup/probes.mjs";
import { setUpClone } from "./setup/set-up-clone.mjs";

let clone;
let printed;
const children = [];

beforeEach(() => {
  clone = fs.mkdtempSync(path.join(os.tmpdir(), "bonfire clone "));
  printed = "";
  write("package-lock.json", "{}");
  write("package.json", "{}");
  write("packages/one/package.json", "{}");
  write("packages/one/src/first.ts", "1");
  write("packages/one/src/first.test.ts", "1");
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  fs.rmSync(clone, { recursive: true, force: true });
});

const INSTALL = `
  fs.mkdirSync("node_modules/dependency", { recursive: true });
  fs.writeFileSync("node_modules/dependency/package.json", "{}");
  fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: { "node_modules/dependency": {} } }));`;
const BUILD = `
  fs.mkdirSync("packages/one/dist", { recursive: true });
  for (const name of fs.readdirSync("packages/one/src")) fs.writeFileSync("packages/one/dist/" + name.replace(/ts$/, "js"), "");`;

describe("steps", () => {
  it("run once, and again only when their inputs changed", async () => {
    expect(await setUp()).toEqual(["install", "build"]);
    expect(await setUp()).toEqual([]);
    write("packages/one/src/first.ts", "2");
    expect(await setUp()).toEqual(["build"]);
    write("packages/one/src/first.test.ts", "2");
    expect(await setUp()).toEqual([]);
    write("package-lock.json", "{ }");
    expect(await setUp()).toEqual(["install", "build"]);
  });

  it("run again when what they made is gone", async () => {
    await setUp();
    remove("node_modules/dependency");
    expect(await setUp()).toEqual(["install"]);
    remove("packages/one/dist/first.js");
    expect(await setUp()).toEqual(["build"]);
  });

  it("leave no outputs of deleted sources", async () => {
    write("packages/one/src/second.ts", "");
    await setUp();
    remove("packages/one/src/second.ts");
    expect(await setUp()).toEqual(["build"]);
    expect(fs.existsSync(path.join(clone, "packages/one/dist/second.js"))).toBe(false);
    expect(fs.existsSync(path.join(clone, "packages/one/dist/first.js"))).toBe(true);
  });

  it("that fail show their output and what to do, and run again", async () => {
    expect(await setUp({ install: "console.log('no route to host'); process.exit(3)" }, 1)).toEqual(["install"]);
    expect(printed).toContain("failed (exit code 3)");
    expect(printed).toContain("no route to host");
    expect(printed).toContain(installPackages.onFailure);
    expect(await setUp()).toEqual(["install", "build"]);
  });

  it("that succeed without making everything count as failed", async () => {
    expect(await setUp({ install: "" }, 1)).toEqual(["install"]);
    expect(printed).toContain("not everything is there");
  });

  it("that are killed with the set-up run again, after the orphan has ended", async () => {
    await setUp();
    write("package-lock.json", "{ }");
    const killed = setUpElsewhere({ install: "setTimeout(() => fs.writeFileSync('orphan-ended', ''), 800)" });
    await until(() => printed.includes("Installing"));
    await until(() => locked().length === 2);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    expect(await setUp({ install: `if (!fs.existsSync("orphan-ended")) process.exit(1);${INSTALL}` })).toEqual(["install", "build"]);
    expect(printed).toMatch(/Waiting for the set-up of this clone that process \d+ runs/);
  });

  it("end on Ctrl-C with nothing half-stamped and no lock", async () => {
    const interrupted = setUpElsewhere({ install: "setTimeout(() => {}, 60_000)" });
    await until(() => locked().length === 2);
    interrupted.kill("SIGINT");
    expect((await once(interrupted, "exit"))[0]).toBe(130);
    expect(locked()).toEqual([]);
    expect(await setUp()).toEqual(["install", "build"]);
  });
});

describe("the lock", () => {
  it("lets one set-up work and the second wait for it, which then has nothing to do", async () => {
    const first = setUpElsewhere({ install: `${INSTALL} setTimeout(() => {}, 500)` });
    await until(() => locked().length === 2);
    expect(await setUp()).toEqual([]);
    expect(printed).toContain(`process ${first.pid} runs`);
    expect(locked()).toEqual([]);
  });

  it("is taken over from a dead process, by one of several", async () => {
    const dead = start("");
    await once(dead, "exit");
    write(`.setup/lock/${dead.pid}.some-name`, "");
    let holders = 0;
    const work = async () => {
      const lock = await acquireCloneLock(clone);
      holders += 1;
      expect(holders).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      holders -= 1;
      lock.release();
    };
    await Promise.all([work(), work(), work()]);
  });

  it.runIf(process.platform === "linux")("is taken over when the pid belongs to a younger process", async () => {
    write(`.setup/lock/${process.pid}.some-name`, "");
    fs.utimesSync(path.join(clone, ".setup/lock", `${process.pid}.some-name`), 1e9, 1e9);
    (await acquireCloneLock(clone)).release();
  });
});

describe("a running instance", () => {
  it("blocks what would replace files under it, and nothing else", async () => {
    await setUp();
    write(`.setup/running/${process.pid}`, "/a/home\n");
    expect(await setUp()).toEqual([]);
    write("packages/one/src/first.ts", "2");
    expect(await setUp({}, 1)).toEqual([]);
    expect(printed).toContain(`process ${process.pid}, home /a/home`);
    remove(`.setup/running/${process.pid}`);
    expect(await setUp()).toEqual(["build"]);
  });

  it("that has died does not", async () => {
    const dead = start("");
    await once(dead, "exit");
    write(`.setup/running/${dead.pid}`, "/a/home\n");
    expect(await setUp()).toEqual(["install", "build"]);
    expect(fs.readdirSync(path.join(clone, ".setup/running"))).toEqual([]);
  });
});

describe("requirements", () => {
  const situation = { clone: "/clone", purpose: "start", env: {}, platform: "linux" };
  const goodPython = { program: "/usr/bin/python3", version: "3.11.2", hasVenv: true };
  const good = {
    nodeVersion: "20.19.0",
    isRoot: false,
    cacheFolder: "/cache",
    hasNpm: () => true,
    hasProgram: (name) => name === "apt-get",
    python: () => goodPython,
    portFailure: async () => undefined,
    freeBytes: () => 5e9,
    isFilledFolder: () => false,
  };
  const unmet = async (probes, change = {}) =>
    (await unmetRequirements({ ...situation, ...change }, { ...good, ...probes })).map(({ problem, mend }) => `${problem} → ${mend}`);

  it("are met by a fit machine", async () => {
    expect(await unmet({})).toEqual([]);
    expect(await unmet({ nodeVersion: "24.0.0" })).toEqual([]);
  });

  it("are listed together, each with its mend", async () => {
    const list = await unmetRequirements(situation, {
      ...good,
      nodeVersion: "20.18.3",
      hasNpm: () => false,
      python: () => undefined,
      portFailure: async (_, port) => (port < 8082 ? "EADDRINUSE" : undefined),
      freeBytes: () => 2e8,
    });
    expect(list.map(({ mend }) => mend)).toEqual([
      "Install the LTS version: https://nodejs.org/en/download (or: nvm install --lts)",
      "It comes with Node.js: https://nodejs.org/en/download",
      "sudo apt-get install -y python3 python3-venv",
      "BONFIRE_PORT=8082 npm start",
      "Free some space on the disk of /clone, or move the clone to another disk.",
      "BONFIRE_CACHE=/a/folder/on/a/larger/disk npm start",
    ]);
    const text = describeUnmet(list);
    expect(text).toContain("6 things are missing");
    for (const { problem, mend } of list) expect(text).toContain(`${problem}.\n    ${mend}\n`);
  });

  it.each([
    [{ ...goodPython, hasVenv: false }, {}, "lacks the modules venv and ensurepip → sudo apt-get install -y python3 python3-venv"],
    [undefined, { platform: "darwin" }, "no Python is on the PATH → brew install python"],
    [{ ...goodPython, version: "3.9.2" }, {}, "is Python 3.9.2 → Install it from https://www.python.org/downloads/"],
    [{ program: "/usr/bin/python3" }, {}, "/usr/bin/python3 does not start → sudo apt-get"],
  ])("name what is wrong with Python %#", async (python, change, expected) => {
    const list = await unmet({ python: () => python }, change);
    expect(list).toHaveLength(1);
    expect(list[0]).toContain(expected);
  });

  it("ask for Python only where it is used", async () => {
    const python = () => undefined;
    expect(await unmet({ python }, { env: { BONFIRE_LLAMA_SERVER: "/opt/llama-server" } })).toEqual([]);
    expect(await unmet({ python, hasProgram: (name) => name === "llama-server" })).toEqual([]);
    expect(await unmet({ python }, { env: { BONFIRE_LLAMA_SERVER: "/opt/llama-server" }, purpose: "test" })).toHaveLength(1);
  });

  it("ask for the port only before a start, and name the setting that is wrong", async () => {
    const portFailure = async () => "EADDRINUSE";
    expect(await unmet({ portFailure }, { purpose: "test" })).toEqual([]);
    expect(await unmet({}, { env: { BONFIRE_PORT: "web" } })).toEqual([
      'BONFIRE_PORT is "web", expected a number from 0 to 65535 → BONFIRE_PORT=8080 npm start',
    ]);
  });

  it("remember a Python only as long as it is on the PATH", () => {
    const pythonOn = (PATH) => realProbes({ clone, env: { PATH }, platform: process.platform }).python();
    expect(pythonOn(process.env.PATH)).toMatchObject({ hasVenv: true });
    expect(pythonOn(path.join(clone, "nothing"))).toBeUndefined();
  });

  it("ask for no space that is already filled", async () => {
    expect(await unmet({ freeBytes: () => 0, isFilledFolder: () => true })).toEqual([]);
  });

  it("look for the cache where the platform keeps it", () => {
    expect(cacheFolder({ BONFIRE_CACHE: "/c" }, "linux", "/h")).toBe("/c");
    expect(cacheFolder({ XDG_CACHE_HOME: "/x" }, "linux", "/h")).toBe("/x/bonfire");
    expect(cacheFolder({ XDG_CACHE_HOME: "" }, "linux", "/h")).toBe("/h/.cache/bonfire");
    expect(cacheFolder({}, "darwin", "/h")).toBe("/h/Library/Caches/bonfire");
  });
});

/** @returns the names of the steps that ran. */
async function setUp(scripts = {}, exitCode = 0) {
  const ran = [];
  const print = (text) => {
    printed += text;
  };
  expect(await setUpClone(clone, { steps: fakeSteps(scripts, ran), print })).toBe(exitCode);
  return ran;
}

function fakeSteps({ install = INSTALL, build = BUILD }, ran = []) {
  const fake = (step, script) => ({
    ...step,
    command() {
      ran.push(step.name);
      return [process.execPath, "-e", `const fs = require("node:fs"); ${script}`];
    },
  });
  return [fake(installPackages, install), fake(buildPackages, build)];
}

/** The same in a process of its own, which can be killed. */
function setUpElsewhere({ install }) {
  const urlOf = (file) => JSON.stringify(pathToFileURL(path.join(import.meta.dirname, "setup", file)).href);
  const child = start(`
    const { setUpClone } = await import(${urlOf("set-up-clone.mjs")});
    const { installPackages } = await import(${urlOf("install-packages.mjs")});
    const { buildPackages } = await import(${urlOf("build-packages.mjs")});
    const fake = (step, script) => ({ ...step, command: () => [process.execPath, "-e", 'const fs = require("node:fs");' + script] });
    const steps = [fake(installPackages, ${JSON.stringify(install)}), fake(buildPackages, ${JSON.stringify(BUILD)})];
    process.exitCode = await setUpClone(${JSON.stringify(clone)}, { steps });`);
  child.stderr.on("data", (chunk) => {
    printed += chunk;
  });
  return child;
}

function start(script) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  return child;
}

function locked() {
  const folder = path.join(clone, ".setup/lock");
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

function write(file, content) {
  const absolute = path.join(clone, file);
  fs.mkdirSync(path.dirname(absolute), { recursive: true });
  fs.writeFileSync(absolute, content);
}

function remove(file) {
  fs.rmSync(path.join(clone, file), { recursive: true });
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
