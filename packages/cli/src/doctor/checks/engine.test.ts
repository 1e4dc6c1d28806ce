import { createHash } from "node:crypto";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findPython } from "@bonfire/platform/processes/find-python";
import { requirementsFile } from "@bonfire/platform/processes/python-environment";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
beforeEach(async () => {
  patient = await Patient.admit();
});
afterEach(() => patient.discharge());

const RUNS = 'test "$1" = --version && echo "version: 1234 (abcdef)"';
const LACKS_A_LIBRARY = "echo 'error while loading shared libraries: libcudart.so.12: cannot open shared object file' >&2; exit 127";

describe("the engine", () => {
  test("that runs is told with its version", async () => {
    patient.environment.BONFIRE_LLAMA_SERVER = await patient.writeProgram("my-server", RUNS);
    expect(await patient.examine("engine")).toMatchObject({ state: "ok", found: expect.stringContaining("version: 1234") });
  });

  test("of your own that cannot run, named in a variable, is left for the one that is installed", async () => {
    patient.environment.BONFIRE_LLAMA_SERVER = await patient.writeProgram("my-server", LACKS_A_LIBRARY);
    await patient.expectMended("engine", { found: /my-server does not run: .*libcudart/s });
  });

  test("of your own that is not there, named in the file, is left for the one that is installed", async () => {
    await patient.writeSettings("engine: {llama_server: /no/such/llama-server}\n");
    await patient.expectMended("engine", { found: /llama-server does not run: it is no file that can be executed/ });
  });

  test("on the PATH that cannot run is moved away", async () => {
    await patient.writeProgram("llama-server", LACKS_A_LIBRARY);
    await patient.expectMended("engine", { found: /llama-server does not run/ });
  });

  test("whose Python environment is broken is installed anew", async () => {
    // As an interrupted upgrade leaves it: complete by its stamp, and without the module.
    const text = await readFile(requirementsFile("llamacpp"), "utf8");
    const hash = createHash("sha256").update(`${process.platform}\n${process.arch}\n${text}`).digest("hex").slice(0, 16);
    const folder = join(patient.cache, "python", `llamacpp-${hash}-py3.11`);
    const { command, version } = await findPython({ PATH: process.env.PATH ?? "" });
    await mkdir(join(folder, "bin"), { recursive: true });
    await symlink(command, join(folder, "bin", "python"));
    await writeFile(join(folder, "bonfire.json"), JSON.stringify({ python: command, version }));
    await patient.expectMended("engine", { found: /No module named 'xllamacpp'/ });
  });

  test("may have to be installed", async () => {
    expect(await patient.examine("engine")).toMatchObject({ state: "ok", found: "it is installed at the first start" });
  });
});

describe("python", () => {
  test("is not needed where an engine and the models are there", async () => {
    await patient.writeProgram("llama-server", RUNS);
    await patient.writeSettings("models: {preload: []}\n");
    patient.environment.PATH = patient.programs;
    expect(await patient.examine("python")).toMatchObject({ state: "ok", found: expect.stringContaining("not needed") });
  });

  test.each([
    ["apt-get", "install -y python3 python3-venv", 0],
    ["apt-get", "install -y python3 python3-venv", 1000],
    ["dnf", "install -y python3", 0],
    ["apk", "add python3", 0],
    ["brew", "install python", 501],
  ])("that is missing is installed by %s %s, as user %i", async (manager, words, uid) => {
    const { command } = await findPython({ PATH: process.env.PATH ?? "" });
    await patient.writeProgram(manager, `test "$*" = "${words}" && /bin/ln -s '${command}' '${patient.programs}/python3'`);
    await patient.writeProgram("sudo", 'exec "$@"');
    patient.environment.PATH = patient.programs;
    patient.machine = { ...patient.machine, uid };
    await patient.expectMended("python", { found: /No Python was found on PATH/ });
  });
});
