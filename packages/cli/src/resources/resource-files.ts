import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import type { Resources } from "@bonfire/protocol/apply";
import { CliError, EXIT } from "../exit.ts";
import { type ResourceDocument, readResourceText } from "./resource-text.ts";

/** The name that stands for standard input. */
const STDIN = "-";

/**
 * All that the files say together, as one.
 * @param paths files of YAML or JSON; `-` is stdin
 * @throws CliError with every fault, each with its file, line and path
 */
export async function readResourceFiles(paths: readonly string[], environment: NodeJS.ProcessEnv): Promise<Resources> {
  const texts = await Promise.all(paths.map(async (path) => ({ name: path === STDIN ? "stdin" : path, text: await read(path) })));
  const parsed = texts.map((text) => readResourceText(text, environment));
  const documents = parsed.flatMap(({ documents }) => documents);
  const faults = [...parsed.flatMap(({ faults }) => faults), ...repetitions(documents)];
  if (faults.length > 0) throw new CliError(`Nothing is applied:\n${faults.map((fault) => `  ${fault}`).join("\n")}`, EXIT.usage);
  if (documents.length === 0) throw new CliError(`${paths.join(", ")} holds no resources: nothing is applied.`, EXIT.usage);
  return together(documents.map(({ resources }) => resources));
}

async function read(path: string): Promise<string> {
  try {
    return path === STDIN ? await textOf(process.stdin) : await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`${path} cannot be read: ${reason}`, EXIT.usage, error);
  }
}

/** A kind that none of them has stays absent: then it is left alone. */
function together(all: readonly Resources[]): Resources {
  const upstreams = all.flatMap((one) => one.upstreams ?? []);
  const routes = all.flatMap((one) => one.routes ?? []);
  const aliases = all.flatMap((one) => one.aliases ?? []);
  return {
    ...(all.some((one) => one.upstreams !== undefined) ? { upstreams } : {}),
    ...(all.some((one) => one.routes !== undefined) ? { routes } : {}),
    ...(all.some((one) => one.aliases !== undefined) ? { aliases } : {}),
  };
}

/** What is said twice, with both places: files are often put together from parts. */
function repetitions(documents: readonly ResourceDocument[]): readonly string[] {
  const first = new Map<string, string>();
  const faults: string[] = [];
  for (const { resources, place } of documents) {
    const named = [
      ...(resources.upstreams ?? []).map(({ name }, index) => ({ what: `upstream ${name}`, path: ["upstreams", index] })),
      ...(resources.routes ?? []).map(({ model }, index) => ({ what: `route ${model}`, path: ["routes", index] })),
      ...(resources.aliases ?? []).map(({ name }, index) => ({ what: `alias ${name}`, path: ["aliases", index] })),
    ];
    for (const { what, path } of named) {
      const before = first.get(what);
      if (before !== undefined) faults.push(`${place(path)}: ${what} stands at ${before} already`);
      else first.set(what, place(path));
    }
  }
  return faults;
}
