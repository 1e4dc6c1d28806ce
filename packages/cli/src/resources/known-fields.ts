import { resources } from "@bonfire/protocol/apply";
import { z } from "zod";

type Schema = z.core.JSONSchema._JSONSchema;

const root = z.toJSONSchema(resources, { io: "input" });

/** The fields that may stand at a place of a resources file, such as `["routes", 0, "retries"]`. */
export function knownFields(path: readonly PropertyKey[]): readonly string[] {
  const places = path.reduce<readonly Schema[]>((found, step) => found.flatMap((schema) => below(schema, step)), forms(root));
  return places.flatMap((schema) => (typeof schema === "object" ? Object.keys(schema.properties ?? {}) : []));
}

function below(schema: Schema, step: PropertyKey): readonly Schema[] {
  if (typeof schema !== "object") return [];
  const child = typeof step === "number" ? schema.items : schema.properties?.[String(step)];
  return child === undefined || Array.isArray(child) ? [] : forms(child);
}

/** What a schema can stand for: its branches, or what it refers to. */
function forms(schema: Schema): readonly Schema[] {
  if (typeof schema !== "object") return [];
  if (schema.$ref !== undefined) {
    const named = root.$defs?.[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)];
    return named === undefined ? [] : forms(named);
  }
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return branches.length === 0 ? [schema] : branches.flatMap(forms);
}
