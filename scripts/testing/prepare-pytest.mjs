// What the Python tests need: an interpreter with their requirements, and the default model. Both come from the platform as `npm start`
// gets them, out of the build that the set-up has just made.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** @returns absolute paths `{ python, model }`. `folder` is a temporary one. */
export async function preparePytest(clone, folder, signal) {
  const built = (module) => import(pathToFileURL(path.join(clone, "packages", "platform", "dist", `${module}.js`)).href);
  const { loadConfig } = await built("config");
  const { ensurePythonEnvironment, requirementsFile } = await built("processes/python-environment");
  const { createPythonTools } = await built("processes/python-tools");
  const { createArtifactStore } = await built("models/artifact-store");
  const { DEFAULT_MODEL } = await built("models/catalog");

  const { cache, childEnvironment, huggingFace } = loadConfig(process.env);
  const options = { cacheDirectory: cache, environment: childEnvironment, onProgress: firstLineOnly(), signal };

  // The launcher of llama.cpp's server is tested with the module that it launches: both requirement files in one environment.
  const requirements = path.join(folder, "test.txt");
  fs.writeFileSync(requirements, ["test", "llamacpp"].map((extra) => fs.readFileSync(requirementsFile(extra), "utf8")).join("\n"));
  const python = await ensurePythonEnvironment(requirements, options);

  const models = createArtifactStore({
    directory: path.join(cache, "models"),
    huggingFace,
    python: createPythonTools(options),
    onProgress: ({ type, fileName }) => type === "source" && console.log(`fetching ${fileName}`),
  });
  return { python, model: await models.fetch(DEFAULT_MODEL.weights, signal) };
}

/** It says what is being done; the rest is pip's, and stands in the error when it fails. */
function firstLineOnly() {
  let said = false;
  return (line) => {
    if (!said) console.log(line);
    said = true;
  };
}
