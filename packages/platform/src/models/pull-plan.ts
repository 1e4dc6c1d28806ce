import { createHash } from "node:crypto";
import type { WantedFile } from "./artifact-store.ts";
import { CATALOG, type CatalogModel, isPinned } from "./catalog.ts";
import { type ChosenFiles, chooseGgufFiles, modelNameOf, type WantedGguf } from "./gguf-files.ts";
import { type HubFile, type HubSettings, listRepository } from "./hub-client.ts";
import type { ModelReference } from "./model-reference.ts";

/** Which files make the model, and what is known of it before they are read. */
export interface PullPlan {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly weights: readonly WantedFile[];
  readonly projector: WantedFile | undefined;
  /** The entry that says what the model can do; otherwise its file does. */
  readonly catalogModel: CatalogModel | undefined;
  /** Of the repository; the file's own word comes first. */
  readonly licence: string | undefined;
}

/** One place that may have the model. */
export interface Origin {
  readonly description: string;
  /** Asks what is there. @throws HubError, NoSuchFileError, or the signal's reason. */
  plan(signal: AbortSignal): Promise<PullPlan>;
}

export type FetchedReference = Exclude<ModelReference, { type: "family" | "file" }>;

/** The places of a model, in the order in which they are tried. */
export function originsOf(reference: FetchedReference, hub: HubSettings): readonly Origin[] {
  if (reference.type === "catalog") return catalogOrigins(reference.model, reference.quant, hub);
  return [reference.type === "hub" ? hubOrigin(reference, hub) : urlOrigin(reference)];
}

/** The entry whose licence covers what a reference names. */
export function licensedModel(reference: ModelReference): CatalogModel | undefined {
  if (reference.type === "catalog") return reference.model;
  if (reference.type !== "hub") return undefined;
  const { repo } = reference;
  return CATALOG.find(({ id, weights }) => {
    const repos =
      "repos" in weights ? weights.repos : weights.sources.flatMap((source) => (source.type === "huggingface" ? source.repo : []));
    return [id, ...repos].includes(repo);
  });
}

function catalogOrigins(model: CatalogModel, quant: string | undefined, hub: HubSettings): readonly Origin[] {
  const { weights } = model;
  if (isPinned(model)) {
    const plan = { ...namesOf(model, undefined), weights: [model.weights], projector: undefined, catalogModel: model, licence: undefined };
    return [{ description: model.id, plan: () => Promise.resolve(plan) }];
  }
  if (!("repos" in weights)) return [];
  const usual = weights.quants[0]?.name;
  return weights.repos.map((repo) => ({
    description: `Hugging Face ${repo}`,
    async plan(signal) {
      const { files, licence } = await filesOf(hub, { repo, revision: "main", wanted: { quant: quant ?? usual } }, signal);
      const names = namesOf(model, quant === usual ? undefined : quant);
      const projector = model.capabilities.includes("vision") ? files.projector : undefined;
      return { ...names, weights: files.weights, projector, catalogModel: model, licence };
    },
  }));
}

function namesOf(model: CatalogModel, quant: string | undefined): Pick<PullPlan, "id" | "aliases"> {
  if (quant === undefined) return { id: model.id, aliases: model.aliases };
  return { id: `${model.id}:${quant}`, aliases: model.aliases.map((alias) => `${alias}-${quant.toLowerCase()}`) };
}

function hubOrigin({ repo, revision, quant, path }: Extract<ModelReference, { type: "hub" }>, hub: HubSettings): Origin {
  return {
    description: `Hugging Face ${repo}`,
    async plan(signal) {
      const { files, chosen, licence } = await filesOf(hub, { repo, revision: revision ?? "main", wanted: { quant, path } }, signal);
      const variant = path === undefined ? chosen.quant : modelNameOf(path);
      const id = chosen.isDefault || variant === undefined ? repo : `${repo}:${variant}`;
      return { id, aliases: [], weights: files.weights, projector: files.projector, catalogModel: undefined, licence };
    },
  };
}

function urlOrigin({ url, sha256 }: Extract<ModelReference, { type: "url" }>): Origin {
  const { origin, pathname } = new URL(url);
  const name = pathname.slice(pathname.lastIndexOf("/") + 1);
  const folder = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const weights = [{ fileName: `urls/${folder}/${name}`, sha256, sources: [{ type: "url", url }] }] as const;
  const plan = { id: modelNameOf(name), aliases: [], weights, projector: undefined, catalogModel: undefined, licence: undefined };
  return { description: `${origin}${pathname}`, plan: () => Promise.resolve(plan) };
}

interface RepositoryFiles {
  readonly chosen: ChosenFiles;
  readonly files: { readonly weights: readonly WantedFile[]; readonly projector: WantedFile | undefined };
  readonly licence: string | undefined;
}

interface AskedFiles {
  readonly repo: string;
  readonly revision: string;
  readonly wanted: WantedGguf;
}

async function filesOf(hub: HubSettings, { repo, revision, wanted }: AskedFiles, signal: AbortSignal): Promise<RepositoryFiles> {
  const listing = await listRepository(hub, repo, revision, signal);
  const chosen = chooseGgufFiles(listing.files, wanted);
  // A commit's files never change, so a folder for each keeps revisions apart, and the parts of a file together.
  const wantedFile = ({ path, sizeBytes, sha256 }: HubFile): WantedFile => ({
    fileName: `hub/${repo}/${listing.commit}/${path}`,
    sizeBytes,
    sha256,
    sources: [{ type: "huggingface", repo, revision: listing.commit, path }],
  });
  const projector = chosen.projector === undefined ? undefined : wantedFile(chosen.projector);
  return { chosen, files: { weights: chosen.weights.map(wantedFile), projector }, licence: listing.licence };
}
