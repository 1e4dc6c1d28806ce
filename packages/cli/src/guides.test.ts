import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readResourceText } from "./resources/resource-text.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** A value for every variable that the examples name. */
const environment = new Proxy<NodeJS.ProcessEnv>({}, { get: (_, name) => `value-of-${String(name)}` });

/** The YAML of a guide, each with the line before it. */
function examples(page: string): [string, string][] {
  return [...read(page).matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => [`${page}, character ${match.index}`, match[1] ?? ""]);
}

describe("an example of resources can be applied:", () => {
  it.each([
    ...examples("docs/routing.md"),
    ...examples("docs/upstreams.md"),
    ...examples("docs/upstream-peers.md"),
    ["deploy/example.resources.yaml", read("deploy/example.resources.yaml")] as const,
  ])("%s", (name, text) => {
    const { documents, faults } = readResourceText({ name, text }, environment);
    expect(faults).toEqual([]);
    expect(documents.length).toBeGreaterThan(0);
  });

  it("the guides have some", () => {
    expect(examples("docs/routing.md").length).toBeGreaterThan(5);
    expect(examples("docs/upstreams.md").length).toBeGreaterThan(2);
  });
});

it("routes in the example lead to upstreams that it has", () => {
  const { documents } = readResourceText({ name: "example", text: read("deploy/example.resources.yaml") }, environment);
  const known = ["local", ...documents.flatMap(({ resources }) => (resources.upstreams ?? []).map(({ name }) => name))];
  const named = documents.flatMap(({ resources }) =>
    (resources.routes ?? []).flatMap(({ groups }) => groups.flatMap(({ deployments }) => deployments.map(({ deployment }) => deployment))),
  );
  expect(named.filter((deployment) => !known.includes(deployment.split("/")[0] ?? ""))).toEqual([]);
});
