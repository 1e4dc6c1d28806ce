import type { SealedKey } from "../upstreams/known-upstream.ts";
import type { FieldChange } from "./diff-fields.ts";

/** What differs between the keys of an upstream, none of them opened: values are told as their last characters. */
export function diffKeys(before: readonly SealedKey[], after: readonly SealedKey[]): FieldChange[] {
  const values = [...new Set([...after, ...before].map(({ name }) => name))].flatMap((name): FieldChange[] => {
    const old = before.find((key) => key.name === name);
    const now = after.find((key) => key.name === name);
    if (old?.sealed === now?.sealed) return [];
    return [{ path: `keys.${name}`, before: shown(old), after: shown(now) }];
  });
  const kept = namesOf(before.filter(({ name }) => after.some((key) => key.name === name)));
  const order = namesOf(after.filter(({ name }) => kept.includes(name)));
  const isSameOrder = kept.every((name, index) => name === order[index]);
  return isSameOrder ? values : [...values, { path: "keys", before: namesOf(before), after: namesOf(after) }];
}

function shown(key: SealedKey | undefined): string | null {
  return key === undefined ? null : `…${key.hint}`;
}

function namesOf(keys: readonly SealedKey[]): string[] {
  return keys.map(({ name }) => name);
}
