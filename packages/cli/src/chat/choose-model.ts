import { type InstalledModel, installedModelList } from "@bonfire/protocol/installed-models";
import { modelList } from "@bonfire/protocol/models";
import { CliError } from "../exit.ts";
import type { PlatformConnection } from "../platform-connection.ts";
import { BONFIRE } from "../program-name.ts";

/** The model for those who name none. Elsewhere a key for models may not see which of them are loaded. @throws CliError when there is none */
export async function chooseModel(platform: PlatformConnection): Promise<string> {
  const chosen = platform.isLocal
    ? readiest((await platform.json({ method: "GET", path: "/admin/v1/models", answer: installedModelList })).data)
    : (await platform.json({ method: "GET", path: "/v1/models", answer: modelList })).data[0];
  if (chosen === undefined) throw new CliError(`There is no model to talk to. Get one: ${BONFIRE} models pull smollm2`);
  return chosen.id;
}

/** Of those that can chat: one that answers at once, else one that is kept loaded, else any. */
export function readiest(models: readonly InstalledModel[]): InstalledModel | undefined {
  const talking = models.filter(({ capabilities }) => capabilities.includes("chat"));
  return talking.find(({ state }) => state === "ready") ?? talking.find(({ pinned }) => pinned) ?? talking[0];
}
