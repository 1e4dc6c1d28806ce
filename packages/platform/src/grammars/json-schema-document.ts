import { SchemaError } from "./grammar-errors.ts";
import { isJsonObject, type JsonObject, joinPath, type Keywords, readKeywords } from "./json-schema-keywords.ts";

/** A schema with the place where it was first met. Two with the same object are the same. */
export interface SchemaNode {
  readonly id: number;
  /** In dotted spelling. */
  readonly path: string;
  readonly raw: boolean | JsonObject;
  readonly keywords: Keywords;
}

interface Place {
  readonly path: string;
  /** The schema with the nearest `$id` around it: what `#` refers to. */
  readonly resource: JsonObject;
}

const MOST_VALUES = 200_000;
const DEEPEST = 200;
/** Hold values rather than schemas. */
const DATA = new Set(["enum", "const", "default", "examples", "example"]);

/** One JSON Schema: its nodes, and what its references refer to. */
export class SchemaDocument {
  readonly root: SchemaNode;
  readonly #places = new Map<JsonObject, Place>();
  readonly #anchors = new Map<string, JsonObject>();
  readonly #ids = new Map<string, JsonObject>();
  readonly #nodes = new Map<boolean | JsonObject, SchemaNode>();
  readonly #rootObject: JsonObject;

  /** @throws SchemaError for what is no schema, is too large or nested too deeply */
  constructor(schema: unknown) {
    if (typeof schema !== "boolean" && !isJsonObject(schema)) throw new SchemaError("A schema must be an object or a boolean.", "");
    this.#rootObject = typeof schema === "boolean" ? {} : schema;
    this.#survey(this.#rootObject);
    this.root = this.node(schema, "");
  }

  /** @param path used when the schema is met for the first time outside of the document: one that the compiler made itself. */
  node(raw: boolean | JsonObject, path: string): SchemaNode {
    const known = this.#nodes.get(raw);
    if (known !== undefined) return known;
    const place = typeof raw === "boolean" ? path : (this.#places.get(raw)?.path ?? path);
    const keywords = readKeywords(typeof raw === "boolean" ? {} : raw, place);
    const node = { id: this.#nodes.size, path: place, raw, keywords };
    this.#nodes.set(raw, node);
    return node;
  }

  /** Every schema that refers to another, also where nothing leads to it. */
  referring(): readonly SchemaNode[] {
    return [...this.#places].flatMap(([raw, { path }]) => (typeof raw.$ref === "string" ? [this.node(raw, path)] : []));
  }

  /** The path of what stands below a node; one that the compiler made itself, out of a keyword, has the keyword's path with all that is below it. */
  pathBelow(node: SchemaNode, ...keys: readonly string[]): string {
    const isWritten = typeof node.raw !== "boolean" && this.#places.has(node.raw);
    return isWritten ? joinPath(node.path, ...keys) : node.path;
  }

  /** The schema that a node's reference names. @throws SchemaError when there is none */
  resolve(node: SchemaNode, reference: string): SchemaNode {
    const [base = "", fragment = ""] = splitOnce(reference, "#");
    const resource = this.#resource(node, base);
    const path = joinPath(node.path, "$ref");
    if (resource === undefined) {
      throw new SchemaError(
        `The reference \`${reference}\` at \`${path}\` leads out of the schema; only what the schema holds can be used.`,
        path,
      );
    }
    const target = fragment === "" || fragment.startsWith("/") ? pointTo(resource, fragment) : this.#anchors.get(fragment);
    if (target === undefined || (typeof target !== "boolean" && !isJsonObject(target))) {
      throw new SchemaError(`The reference \`${reference}\` at \`${path}\` points to no schema.`, path);
    }
    return this.node(target, reference);
  }

  #resource(node: SchemaNode, base: string): JsonObject | undefined {
    const own = typeof node.raw === "boolean" ? undefined : this.#places.get(node.raw)?.resource;
    const resource = own ?? this.#rootObject;
    if (base === "") return resource;
    const { $id } = resource;
    return this.#ids.get(base) ?? (typeof $id === "string" ? this.#ids.get(absolute(base, $id)) : undefined);
  }

  /** Measures, and finds names; without recursion, for nobody has checked the depth yet. */
  #survey(root: JsonObject): void {
    const waiting: { value: unknown; path: string; depth: number; resource: JsonObject; isData: boolean }[] = [
      { value: root, path: "", depth: 0, resource: root, isData: false },
    ];
    let count = 0;
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { value, path, depth, isData } = next;
      count += 1;
      if (count > MOST_VALUES) throw new SchemaError(`The schema is too large: it has more than ${MOST_VALUES} values.`, "");
      if (depth > DEEPEST) throw new SchemaError(`The schema is nested more than ${DEEPEST} deep, below \`${path.slice(0, 60)}…\`.`, "");
      if (typeof value !== "object" || value === null) continue;
      const resource = isJsonObject(value) && !isData ? this.#enter(value, path, next.resource) : next.resource;
      for (const [key, child] of Object.entries(value)) {
        waiting.push({
          value: child,
          path: joinPath(path, key),
          depth: depth + 1,
          resource,
          isData: isData || (isJsonObject(value) && DATA.has(key) && !isMap(path)),
        });
      }
    }
  }

  #enter(value: JsonObject, path: string, around: JsonObject): JsonObject {
    const { $id, $anchor, $dynamicAnchor } = value;
    const resource = typeof $id === "string" && !$id.startsWith("#") ? value : around;
    this.#places.set(value, { path, resource });
    if (typeof $id === "string") {
      // Draft-07 writes anchors as `$id: "#name"`.
      if ($id.startsWith("#")) this.#anchors.set($id.slice(1), value);
      else this.#ids.set(withoutHash($id), value).set(absolute(withoutHash($id), typeof around.$id === "string" ? around.$id : ""), value);
    }
    for (const name of [$anchor, $dynamicAnchor]) if (typeof name === "string") this.#anchors.set(name, value);
    return resource;
  }
}

/** Below `properties`, a key is a name that somebody chose, not a keyword. */
function isMap(path: string): boolean {
  return /(^|\.)(properties|patternProperties|\$defs|definitions|dependentSchemas)$/.test(path);
}

function pointTo(resource: JsonObject, pointer: string): unknown {
  let value: unknown = resource;
  for (const token of pointer.split("/").slice(1)) {
    const key = decode(token).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function absolute(reference: string, base: string): string {
  return URL.canParse(reference, base) ? withoutHash(new URL(reference, base).href) : reference;
}

function withoutHash(id: string): string {
  return id.replace(/#$/, "");
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
