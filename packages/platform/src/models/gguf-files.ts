import type { HubFile } from "./hub-client.ts";
import { compareQuants, quantIn } from "./quant.ts";

/** The files of a repository that make one model. */
export interface ChosenFiles {
  /** In the order of their parts; the first is the one to open. */
  readonly weights: readonly HubFile[];
  readonly projector: HubFile | undefined;
  /** Undefined where the file names say none. */
  readonly quant: string | undefined;
  /** Whether this is what is chosen when nobody asks for a quantization or a file. */
  readonly isDefault: boolean;
}

export interface WantedGguf {
  readonly quant?: string | undefined;
  /** A file of the repository, or the first part of one that is split. */
  readonly path?: string | undefined;
}

/** The repository does not have what was asked for; the message lists what it has. */
export class NoSuchFileError extends Error {
  override readonly name = "NoSuchFileError";
}

/** One model in one quantization: a file, or all parts of one. */
interface Candidate {
  /** Path without the part's number and the ending. */
  readonly stem: string;
  readonly quant: string | undefined;
  readonly parts: readonly HubFile[];
}

const PART = /^(?<stem>.*)-(?<part>\d{5})-of-(?<total>\d{5})$/;
const PROJECTOR_PREFERENCE: readonly (string | undefined)[] = ["F16", "BF16", "Q8_0", "F32"];
const LISTED = 20;

/** Name of a GGUF file without its folders, its ending and the number of its part. */
export function modelNameOf(path: string): string {
  const name = stemOf(path.split("/").at(-1) ?? path);
  return PART.exec(name)?.groups?.stem ?? name;
}

/** The names of all parts of the file that a name of one part belongs to; the name itself where it is no part. */
export function partNames(fileName: string): readonly string[] {
  const { stem, total } = PART.exec(stemOf(fileName))?.groups ?? {};
  if (stem === undefined || total === undefined) return [fileName];
  return Array.from({ length: Number(total) }, (_, index) => `${stem}-${String(index + 1).padStart(5, "0")}-of-${total}.gguf`);
}

/**
 * Picks a model's files: the asked quantization or file, else the most wanted quantization (`quant.ts` has the order); all parts of a
 * split file, in order; and the projector where there is one.
 * @throws NoSuchFileError
 */
export function chooseGgufFiles(files: readonly HubFile[], wanted: WantedGguf = {}): ChosenFiles {
  const gguf = files.filter(({ path }) => /\.gguf$/i.test(path));
  const projectors = gguf.filter(({ path }) => isProjector(path));
  const candidates = candidatesOf(gguf.filter(({ path }) => !isProjector(path) && !/imatrix/i.test(path)));
  if (candidates.length === 0) throw new NoSuchFileError(`it has no GGUF weights; ${listed("it has", files)}`);
  const chosen = pick(candidates, wanted);
  return {
    weights: wholeOf(chosen),
    projector: bestProjector(projectors),
    quant: chosen.quant,
    isDefault: (wanted.quant === undefined && wanted.path === undefined) || isDefault(chosen, candidates),
  };
}

function pick(candidates: readonly Candidate[], { quant, path }: WantedGguf): Candidate {
  if (path !== undefined) {
    const found = candidates.find(({ parts }) => parts.some((part) => part.path === path));
    if (found === undefined) throw new NoSuchFileError(`it has no ${path}; ${listedCandidates(candidates)}`);
    return found;
  }
  const best = quant?.toUpperCase() ?? candidates.map((candidate) => candidate.quant ?? "").toSorted(compareQuants)[0];
  const matching = candidates.filter((candidate) => (candidate.quant ?? "") === best);
  const [first, ...others] = matching;
  if (first === undefined) throw new NoSuchFileError(`it has no ${best}; ${listedCandidates(candidates)}`);
  if (others.length === 0) return first;
  // The same weights are sometimes there whole and in parts.
  if (matching.every(({ stem }) => stem.toLowerCase() === first.stem.toLowerCase()))
    return matching.toSorted((a, b) => a.parts.length - b.parts.length)[0] ?? first;
  throw new NoSuchFileError(`it has several models in ${best || "one form"}: name the file; ${listedCandidates(matching)}`);
}

function isDefault(chosen: Candidate, candidates: readonly Candidate[]): boolean {
  try {
    return pick(candidates, {}) === chosen;
  } catch {
    // Several: none of them is.
    return false;
  }
}

function wholeOf({ parts }: Candidate): readonly HubFile[] {
  const [first] = parts;
  if (first === undefined) return [];
  const folder = first.path.slice(0, first.path.lastIndexOf("/") + 1);
  return partNames(first.path.slice(folder.length)).map((name) => {
    const part = parts.find(({ path }) => path === `${folder}${name}`);
    if (part === undefined) throw new NoSuchFileError(`of its ${first.path} the part ${name} is missing`);
    return part;
  });
}

function candidatesOf(files: readonly HubFile[]): readonly Candidate[] {
  const groups = new Map<string, HubFile[]>();
  for (const file of files) {
    const { stem, total } = PART.exec(stemOf(file.path))?.groups ?? {};
    const key = stem === undefined ? stemOf(file.path) : `${stem} of ${total}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()].map((parts) => {
    const ordered = parts.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const stem = stemOf(ordered[0]?.path ?? "").replace(/-\d{5}-of-\d{5}$/, "");
    const name = stem.slice(stem.lastIndexOf("/") + 1);
    return { stem, quant: quantIn(name) ?? quantIn(stem), parts: ordered };
  });
}

function isProjector(path: string): boolean {
  return /mmproj/i.test(path.slice(path.lastIndexOf("/") + 1));
}

function bestProjector(projectors: readonly HubFile[]): HubFile | undefined {
  const place = ({ path }: HubFile) => {
    const found = PROJECTOR_PREFERENCE.indexOf(quantIn(path));
    return found === -1 ? PROJECTOR_PREFERENCE.length : found;
  };
  return projectors.toSorted((a, b) => place(a) - place(b) || a.path.localeCompare(b.path))[0];
}

function stemOf(path: string): string {
  return path.replace(/\.gguf$/i, "");
}

function listedCandidates(candidates: readonly Candidate[]): string {
  return listed(
    "it has",
    candidates.flatMap(({ parts }) => parts[0] ?? []),
  );
}

function listed(intro: string, files: readonly HubFile[]): string {
  const names = files.map(({ path }) => path).toSorted();
  if (names.length === 0) return `${intro} no files`;
  const rest = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return `${intro} ${names.slice(0, LISTED).join(", ")}${rest}`;
}
