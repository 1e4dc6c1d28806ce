// What the Python tests need: an interpreter with the requirements of each suite, and the default model. All come from the platform as
// `npm start` gets them, out of the build that the set-up has just made.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/**
 * @param suites `{ name, requirements }`, the latter names of files in python/requirements. `folder` is a temporary one.
 * @returns absolute paths `{ pythons, model }`, the former by the suite's name.
 */
export async function preparePytest({ clone, folder, suites, signal }) {
  const built = (module) => import(pathToFileURL(path.join(clone, "packages", "platform", "dist", `${module}.js`)).href);
  const { loadConfig } = await built("config");
  const { ensurePythonEnvironment, requirementsFile } = await built("processes/python-environment");
  const { createPythonTools } = await built("processes/python-tools");
  const { createArtifactStore } = await built("models/artifact-store");
  const { DEFAULT_MODEL } = await built("models/catalog");

  const { cache, childEnvironment, huggingFace } = loadConfig(process.env);
  const options = { cacheDirectory: cache, environment: childEnvironment, onProgress: firstLineOnly(), signal };

  const prepareSuite = async ({ name, requirements }) => [name, await ensurePythonEnvironment(joinRequirements(requirements), options)];
  // The launcher of llama.cpp's server is tested with the module that it launches: two requirement files in one environment.
  const joinRequirements = (extras) => {
    if (extras.length === 1) return requirementsFile(extras[0]);
    const joined = path.join(folder, `${extras[0]}.txt`);
    fs.writeFileSync(joined, extras.map((extra) => fs.readFileSync(requirementsFile(extra), "utf8")).join("\n"));
    return joined;
  };
  const pythons = Object.fromEntries(await Promise.all(suites.map(prepareSuite)));

  const models = createArtifactStore({
    directory: path.join(cache, "models"),
    huggingFace,
    python: createPythonTools(options),
    onProgress: ({ type, fileName }) => type === "source" && console.log(`fetching ${fileName}`),
  });
  return { pythons, model: await models.fetch(DEFAULT_MODEL.weights, signal) };
}

/** It says what is being done; the rest is pip's, and stands in the error when it fails. */
function firstLineOnly() {
  let said = false;
  return (line) => {
    if (!said) console.log(line);
    said = true;
  };
}
