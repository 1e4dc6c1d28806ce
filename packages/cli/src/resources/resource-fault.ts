import { nearestName } from "@bonfire/platform/settings/nearest-name";
import type { z } from "zod";
import { knownFields } from "./known-fields.ts";

interface Fault {
  readonly path: readonly PropertyKey[];
  /** What would be right; never what stands there, which may be a secret. */
  readonly text: string;
}

/** What is wrong, field by field. Of a union the branch is told that came furthest. */
export function faultsOf(issue: z.core.$ZodIssue): readonly Fault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...issue.path, key], text: `there is no such field${suggestion(key, issue.path)}` }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branches = issue.errors.map((inner) => inner.map((one) => ({ ...one, path: [...issue.path, ...one.path] })));
    const depth = (branch: readonly z.core.$ZodIssue[]) => Math.max(...branch.map(({ path }) => path.length));
    const deepest = Math.max(...branches.map(depth));
    if (deepest > issue.path.length) return (branches.find((branch) => depth(branch) === deepest) ?? []).flatMap(faultsOf);
    return [{ path: issue.path, text: `expected ${[...new Set(branches.flat().map(expectation))].join(" or ")}` }];
  }
  if (issue.code === "invalid_key") return [{ path: issue.path, text: `expected ${issue.issues[0]?.message ?? "another name"}` }];
  return [{ path: issue.path, text: `expected ${expectation(issue)}` }];
}

/** `routes[0].groups[1].when`, as the platform's errors spell it. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`)).join("");
}

/** Messages of the schema's own begin with what would be right, zod's with what is wrong. */
function expectation({ message }: z.core.$ZodIssue): string {
  return message.replace(/^(?:Invalid|Too|Unrecognized) [^:]*: (?:expected )?/, "");
}

function suggestion(written: string, path: readonly PropertyKey[]): string {
  const known = knownFields(path);
  const meant = nearestName(written, known);
  if (meant !== undefined) return `; did you mean ${meant}?`;
  return known.length === 0 ? "" : `; there are ${known.join(", ")}`;
}
