import { z } from "zod";
import type { ListedModel } from "../../engine/engine.ts";
import { EngineError } from "../../engine/engine-error.ts";
import { readModelPage } from "./listed-models.ts";
import type { UpstreamProfile } from "./upstream-profile.ts";

/** A list that never ends, or names the same page again and again, is left there. */
const MOST_PAGES = 50;

type GetJson = (path: string) => Promise<unknown>;

/** The models of an upstream, each once; undefined where nothing lists them. @throws EngineError */
export async function listModels(
  getJson: GetJson,
  { lists, idPrefix }: Pick<UpstreamProfile, "lists" | "idPrefix">,
): Promise<readonly ListedModel[] | undefined> {
  for (const [index, path] of lists.entries()) {
    try {
      return await readPages(getJson, path, idPrefix);
    } catch (error) {
      if (!isAbsent(error) || index === lists.length - 1) throw error;
    }
  }
  return undefined;
}

async function readPages(getJson: GetJson, path: string, idPrefix: string | undefined): Promise<readonly ListedModel[]> {
  const models = new Map<string, ListedModel>();
  let next: string | undefined = path;
  for (let page = 0; next !== undefined && page < MOST_PAGES; page++) {
    const read = readPage(await getJson(next), idPrefix);
    for (const model of read.models) models.set(model.id, model);
    next = read.after === undefined ? undefined : `${path}${path.includes("?") ? "&" : "?"}after_id=${encodeURIComponent(read.after)}`;
  }
  return [...models.values()];
}

function readPage(json: unknown, idPrefix: string | undefined): ReturnType<typeof readModelPage> {
  try {
    return readModelPage(json, idPrefix);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    throw new EngineError("bad-response", "The engine's list of models cannot be read.", { cause });
  }
}

/** A server of an earlier or later version may have no list there, and say so in its own way. */
function isAbsent(error: unknown): boolean {
  return error instanceof EngineError && (error.kind === "not-found" || error.details.status === 405 || error.kind === "bad-response");
}
