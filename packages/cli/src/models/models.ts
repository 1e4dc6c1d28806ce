import { catalogList, type InstalledModel, installedModel, installedModelList, removedModel } from "@bonfire/protocol/installed-models";
import { callAdmin } from "../admin-client.ts";
import { bytes } from "../amounts.ts";
import type { Connection } from "../platform-connection.ts";
import { BONFIRE } from "../program-name.ts";
import { paintFor, print, printable, printJson, remark } from "../terminal-text.ts";
import { catalogTable, loadedTable, modelTable } from "./model-tables.ts";

interface Options extends Connection {
  readonly json?: boolean;
}

export async function listModels(options: Options & { readonly available?: boolean }): Promise<void> {
  if (options.available === true) return listAvailable(options);
  const models = await installed(options);
  if (options.json === true) return printJson(models);
  if (models.length === 0) return print(`No model is installed. See what there is: ${BONFIRE} models list --available`);
  print(modelTable(models, look()));
}

export async function listLoaded(options: Options): Promise<void> {
  const loaded = (await installed(options)).filter(({ state, replica }) => replica !== null || state !== "unloaded");
  if (options.json === true) return printJson(loaded);
  if (loaded.length === 0) return print(`No model is loaded. One is loaded by its first request, or by: ${BONFIRE} models load MODEL`);
  print(loadedTable(loaded, look()));
}

export async function removeModel(id: string, options: Options): Promise<void> {
  const removed = await callAdmin({ method: "DELETE", path: `/models/${encodeURIComponent(id)}`, answer: removedModel }, options);
  if (options.json === true) return printJson(removed);
  print(`${printable(removed.id)} is removed.`);
}

/** Loading takes as long as it takes: from a second to minutes for large weights on a slow disk. */
export async function loadModel(model: string, options: Options): Promise<void> {
  if (process.stderr.isTTY === true && options.json !== true) remark(`Loading ${model}…`);
  const loaded = await callAdmin({ method: "POST", path: "/models/load", body: { model }, answer: installedModel, patient: true }, options);
  if (options.json === true) return printJson(loaded);
  const { replica } = loaded;
  const size = replica === null ? "" : ` with ${replica.slots} slots of ${replica.context_length} tokens in ${bytes(replica.memory_bytes)}`;
  print(`${printable(loaded.id)} is ${loaded.state}${size}.`);
}

export async function unloadModel(model: string, options: Options): Promise<void> {
  const left = await callAdmin({ method: "POST", path: "/models/unload", body: { model }, answer: installedModel, patient: true }, options);
  if (options.json === true) return printJson(left);
  print(`${printable(left.id)} is ${left.state}.`);
}

async function listAvailable(options: Options): Promise<void> {
  const { data } = await callAdmin({ method: "GET", path: "/catalog", answer: catalogList }, options);
  if (options.json === true) return printJson(data);
  print(catalogTable(data, look()));
  print(`\nGet one: ${BONFIRE} models pull MODEL. Any GGUF repository works as well: ${BONFIRE} models pull hf:owner/name`);
}

async function installed(options: Options): Promise<readonly InstalledModel[]> {
  return (await callAdmin({ method: "GET", path: "/models", answer: installedModelList }, options)).data;
}

function look() {
  return { now: Date.now() / 1_000, paint: paintFor(process.stdout) };
}
