import { isDeepStrictEqual } from "node:util";
import type { ResourceChange } from "@bonfire/protocol/apply";

export type FieldChange = ResourceChange["fields"][number];

/**
 * What differs between two values of JSON, field by field in the order of the new one: `groups[0].deployments[1].weight`. What is absent is null. Lists
 * of plain values are compared as a whole.
 */
export function diffFields(before: unknown, after: unknown, path = ""): FieldChange[] {
  if (isRecord(before) && isRecord(after)) {
    const names = new Set([...Object.keys(after), ...Object.keys(before)]);
    return [...names].flatMap((name) => diffFields(before[name], after[name], path === "" ? name : `${path}.${name}`));
  }
  if (isListOfRecords(before) && isListOfRecords(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => diffFields(before[index], after[index], `${path}[${index}]`)).flat();
  }
  return isDeepStrictEqual(before, after) ? [] : [{ path, before: before ?? null, after: after ?? null }];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfRecords(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every(isRecord);
}
