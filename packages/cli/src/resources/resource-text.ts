import { type Resources, resources } from "@bonfire/protocol/apply";
import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { fillIn } from "./key-value.ts";
import { faultsOf, pathText } from "./resource-fault.ts";

interface ResourceText {
  /** For messages: the file's name. */
  readonly name: string;
  /** YAML or JSON, of any number of documents. */
  readonly text: string;
}

/** What one document holds, and where in the file. */
export interface ResourceDocument {
  readonly resources: Resources;
  /** `team.yaml:12`. */
  readonly place: (path: readonly PropertyKey[]) => string;
}

interface ReadText {
  readonly documents: readonly ResourceDocument[];
  /** With file, line and path; never with a value. */
  readonly faults: readonly string[];
}

/** The resources of a text, with the variables that its keys name in their places. */
export function readResourceText({ name, text }: ResourceText, environment: NodeJS.ProcessEnv): ReadText {
  const lineCounter = new LineCounter();
  // Pretty errors would quote lines, and so keys.
  const parsed = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  const read = [...parsed].map((yaml) => {
    const place = placesIn(yaml, (offset) => `${name}:${lineCounter.linePos(offset).line}`);
    return readDocument(yaml, place, environment);
  });
  return { documents: read.flatMap(({ documents }) => documents), faults: read.flatMap(({ faults }) => faults) };
}

interface Places {
  (path: readonly PropertyKey[]): string;
  readonly at: (offset: number) => string;
}

/** The line of a field; of one that is missing, the line of what it would stand in. */
function placesIn(yaml: Document.Parsed, at: (offset: number) => string): Places {
  const place = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = yaml.getIn(path.slice(0, length), true);
      if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) return at(Number(node.range[0]));
    }
    return at(yaml.contents?.range[0] ?? yaml.range[0]);
  };
  return Object.assign(place, { at });
}

function readDocument(yaml: Document.Parsed, place: Places, environment: NodeJS.ProcessEnv): ReadText {
  if (yaml.errors.length > 0) {
    return { documents: [], faults: yaml.errors.map(({ message, pos }) => `${place.at(pos[0])}: ${fileFault(message)}`) };
  }
  const value = contentsOf(yaml);
  if ("fault" in value) return { documents: [], faults: [`${place([])}: ${value.fault}`] };
  if (value.json === null) return { documents: [], faults: [] };
  const told = (path: readonly PropertyKey[], text: string) => `${[place(path), pathText(path)].filter(Boolean).join(": ")}: ${text}`;
  const found = resources.safeParse(value.json);
  if (!found.success) {
    return { documents: [], faults: found.error.issues.flatMap(faultsOf).map(({ path, text }) => told(path, text)) };
  }
  const faults: string[] = [];
  const filled = (value: string, path: readonly PropertyKey[]): string => {
    const result = fillIn(value, environment);
    if ("value" in result) return result.value;
    faults.push(...result.unset.map((variable) => told(path, `the variable ${variable} is not set`)));
    return value;
  };
  for (const [index, { keys = [] }] of (found.data.upstreams ?? []).entries()) {
    for (const [position, key] of keys.entries()) key.value = filled(key.value, ["upstreams", index, "keys", position, "value"]);
  }
  // Once more, since a variable can hold what no key may.
  const whole = resources.safeParse(found.data);
  faults.push(...(whole.error?.issues ?? []).flatMap(faultsOf).map(({ path, text }) => told(path, text)));
  return { documents: whole.success ? [{ resources: whole.data, place }] : [], faults };
}

function contentsOf(yaml: Document.Parsed): { readonly json: unknown } | { readonly fault: string } {
  try {
    return { json: yaml.toJS() };
  } catch (error) {
    return { fault: fileFault(error instanceof Error ? error.message : String(error)) };
  }
}

/** The library ends some of its messages with what stands in the file, which may be a key. */
function fileFault(message: string): string {
  return `this is no YAML: ${message.replace(/(?:: |["\\!]).*$/s, "").trim()}`;
}
