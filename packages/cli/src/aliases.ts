import { modelAlias, modelAliasList, removedAlias } from "@bonfire/protocol/aliases";
import { callAdmin } from "./admin-client.ts";
import type { Connection } from "./platform-connection.ts";
import { BONFIRE } from "./program-name.ts";
import { print, printable, printJson, remark, table } from "./terminal-text.ts";

interface Output extends Connection {
  readonly json?: boolean;
}

export async function listAliases(options: Output): Promise<void> {
  const { data } = await callAdmin({ method: "GET", path: "/aliases", answer: modelAliasList }, options);
  if (options.json === true) return printJson(data);
  if (data.length === 0) return print(`There are no aliases yet. Make one: ${BONFIRE} aliases set NAME MODEL`);
  const rows = data.map(({ name, model, served }) => [printable(name), printable(model), served ? "served" : "not served"]);
  print(table([["ALIAS", "MODEL", "STATE"], ...rows]));
}

export async function setAlias(name: string, model: string, options: Output): Promise<void> {
  const alias = await callAdmin({ method: "PUT", path: pathOf(name), body: { model }, answer: modelAlias }, options);
  if (options.json === true) return printJson(alias);
  print(`${printable(alias.name)} stands for ${printable(alias.model)}.`);
  if (!alias.served) remark("No such model is served now: requests for the alias get 404 until it is there.");
}

export async function removeAlias(name: string, options: Output): Promise<void> {
  const removed = await callAdmin({ method: "DELETE", path: pathOf(name), answer: removedAlias }, options);
  if (options.json === true) return printJson(removed);
  print(`${printable(removed.name)} is removed; its model stays.`);
}

function pathOf(name: string): string {
  return `/aliases/${encodeURIComponent(name)}`;
}
