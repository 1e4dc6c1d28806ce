import { distance } from "fastest-levenshtein";
import { CATALOG, type CatalogModel, familyOf, findModel } from "./catalog.ts";
import { isQuant } from "./quant.ts";

/** Where a model is to come from, as a person names it. */
export type ModelReference =
  | { readonly type: "catalog"; readonly model: CatalogModel; readonly quant?: string | undefined }
  /** The largest variant that fits the machine. */
  | { readonly type: "family"; readonly family: string }
  | {
      readonly type: "hub";
      /** owner/name */
      readonly repo: string;
      /** Branch, tag or commit; the default branch when undefined. */
      readonly revision?: string | undefined;
      /** In upper case. */
      readonly quant?: string | undefined;
      /** Of one file, instead of a quantization. */
      readonly path?: string | undefined;
    }
  | { readonly type: "url"; readonly url: string; readonly sha256?: string | undefined }
  /** Used where it lies. */
  | { readonly type: "file"; readonly path: string };

/** The text names no model; the message says what would. */
export class ModelReferenceError extends Error {
  override readonly name = "ModelReferenceError";
}

const SUGGESTIONS = 3;
const FORMS =
  "a name of the catalog, hf:owner/repo[:quantization][@revision], hf:owner/repo/file.gguf, https://host/file.gguf[#sha256=…], or a path of a .gguf file";
const NAME = /^[\w.-]+$/;

/**
 * Reads what a person writes to name a model: a name or id of the catalog (with `:Q8_0` or `-q8_0` behind it for another quantization), a
 * family's name, a repository or a file of the hub, a URL, or a path.
 * @throws ModelReferenceError
 */
export function parseReference(text: string, models: readonly CatalogModel[] = CATALOG): ModelReference {
  const trimmed = text.trim();
  const hub = /^(?:hf:(?:\/\/)?|hf\.co\/)(.*)$/is.exec(trimmed)?.[1];
  if (hub !== undefined) return parseHub(hub, trimmed);
  if (/^https?:/i.test(trimmed)) return parseUrl(trimmed);
  if (/^file:/i.test(trimmed)) return { type: "file", path: ggufPath(pathOfFileUrl(trimmed)) };
  if (/^\.{0,2}\/|\.gguf$/i.test(trimmed)) return { type: "file", path: ggufPath(trimmed) };
  return parseName(trimmed, models);
}

/** One spelling for each reference; `parseReference` reads it back. */
export function formatReference(reference: ModelReference): string {
  switch (reference.type) {
    case "catalog":
      return `${reference.model.id}${behind(":", reference.quant)}`;
    case "family":
      return reference.family;
    case "hub": {
      const { repo, path, quant, revision } = reference;
      return `hf:${repo}${behind("/", path)}${behind(":", quant)}${behind("@", revision)}`;
    }
    case "url":
      return `${reference.url}${behind("#sha256=", reference.sha256)}`;
    case "file":
      return `file:${reference.path}`;
  }
}

function behind(separator: string, part: string | undefined): string {
  return part === undefined ? "" : `${separator}${part}`;
}

function parseHub(rest: string, text: string): ModelReference {
  const [place = "", revision, ...more] = rest.split("@");
  const [owner, name = "", ...folders] = place.split("/");
  const [repoName = "", quant, ...excess] = folders.length === 0 ? name.split(":") : [name];
  const wellFormed = [owner, repoName].every((part) => part !== undefined && NAME.test(part) && !/^\.+$/.test(part));
  if (!wellFormed || more.length > 0 || excess.length > 0 || revision === "" || quant === "" || /[\s:]/.test(revision ?? ""))
    throw new ModelReferenceError(
      `"${text}" is no reference to the hub: expected hf:owner/repo[:quantization][@revision] or hf:owner/repo/file.gguf`,
    );
  if (quant !== undefined && !isQuant(quant))
    throw new ModelReferenceError(`"${quant}" in "${text}" is no quantization: expected one such as Q4_K_M, Q8_0 or F16`);
  const path = folders.length === 0 ? undefined : folders.join("/");
  if (path !== undefined && (!/\.gguf$/i.test(path) || folders.some((folder) => folder === "" || folder === "..")))
    throw new ModelReferenceError(`"${path}" in "${text}" is no GGUF file: expected hf:owner/repo/file.gguf`);
  return { type: "hub", repo: `${owner}/${repoName}`, revision, quant: quant?.toUpperCase(), path };
}

function parseUrl(text: string): ModelReference {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "")
    throw new ModelReferenceError("this is no URL of a model: expected https://host/file.gguf without a user name or a password");
  if (!/\.gguf$/i.test(url.pathname))
    throw new ModelReferenceError(`${url.origin}${url.pathname} is no GGUF file: expected a URL whose path ends in .gguf`);
  const fragment = /^#sha256=(.*)$/i.exec(url.hash)?.[1]?.toLowerCase();
  if (url.hash !== "" && !/^[0-9a-f]{64}$/.test(fragment ?? ""))
    throw new ModelReferenceError(`${url.hash} is no checksum: expected #sha256= and 64 hexadecimal digits`);
  url.hash = "";
  return { type: "url", url: url.href, sha256: fragment };
}

function pathOfFileUrl(text: string): string {
  return text.replace(/^file:(?:\/\/(?=\/))?/i, "");
}

function ggufPath(path: string): string {
  if (!/[^/]\.gguf$/i.test(path)) throw new ModelReferenceError(`"${path}" is no GGUF file: expected a path that ends in .gguf`);
  return path;
}

function parseName(text: string, models: readonly CatalogModel[]): ModelReference {
  const exact = findModel(text, models);
  if (exact !== undefined) return { type: "catalog", model: exact };
  const [variant] = familyOf(text, models);
  if (variant?.family !== undefined) return { type: "family", family: variant.family };
  const quantized = withQuant(text, models);
  if (quantized !== undefined) return quantized;
  throw new ModelReferenceError(`No model is called "${text}".${suggestion(text, models)} Expected ${FORMS}.`);
}

/** `qwen3:8b-q8_0` and `Qwen/Qwen3-8B:Q8_0`. */
function withQuant(text: string, models: readonly CatalogModel[]): ModelReference | undefined {
  for (const { index } of text.matchAll(/[:-]/g)) {
    const model = findModel(text.slice(0, index), models);
    const quant = text.slice(index + 1);
    if (model !== undefined && isQuant(quant)) return { type: "catalog", model, quant: quant.toUpperCase() };
  }
  return undefined;
}

function suggestion(text: string, models: readonly CatalogModel[]): string {
  const near = nearestNames(
    text,
    models.flatMap(({ id, aliases, family }) => [id, ...aliases, ...(family === undefined ? [] : [family])]),
  );
  return near.length === 0 ? "" : ` Did you mean ${near.join(", ")}?`;
}

/** Known names that differ by typing, at most three, the nearest first. */
export function nearestNames(text: string, known: readonly string[]): readonly string[] {
  const wanted = text.toLowerCase();
  return [...new Set(known)]
    .map((name) => ({
      name,
      edits: distance(wanted, name.toLowerCase()),
      begins: name.toLowerCase().startsWith(wanted) && wanted.length > 2,
    }))
    .filter(({ name, edits, begins }) => begins || edits <= Math.max(2, Math.floor(Math.min(name.length, wanted.length) / 3)))
    .toSorted((a, b) => a.edits - b.edits || a.name.localeCompare(b.name))
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}
