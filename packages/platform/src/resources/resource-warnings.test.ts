import { resources } from "@bonfire/protocol/apply";
import { expect, it } from "vitest";
import { resourceWarnings } from "./resource-warnings.ts";

const PLACES = {
  isDeployment: (name: string) => name === "vllm/m",
  isUpstream: (name: string) => name === "vllm" || name === "fresh",
  isUnread: (name: string) => name === "fresh",
  ownerOf: (name: string) => (name === "small" ? "org/small" : undefined),
};
const to = (...names: string[]) => [{ deployments: names.map((deployment) => ({ deployment })) }];

it.each([
  ["nothing of what is there", { routes: [{ model: "m", groups: to("vllm/m") }] }, []],
  ["a model that its upstream has not", { routes: [{ model: "m", groups: to("vllm/x") }] }, ["leads to 'vllm/x', which is not there now"]],
  [
    "an upstream that does not exist, once",
    { routes: [{ model: "m", groups: to("no/a", "no/b") }] },
    ["the upstream 'no', which does not"],
  ],
  ["a local model that is not installed", { routes: [{ model: "m", groups: to("local/x") }] }, ["leads to 'local/x'"]],
  ["nothing of an upstream whose list nobody has read", { routes: [{ model: "m", groups: to("fresh/x") }] }, []],
  ["nothing of a star", { routes: [{ model: "m/*", groups: to("vllm/*") }] }, []],
  ["hedging without a second deployment", { routes: [{ model: "m", groups: to("vllm/m"), hedge: {} }] }, ["has one deployment alone"]],
  ["an alias behind a model", { aliases: [{ name: "small", model: "x" }] }, ["the model or route 'org/small' has that name"]],
  [
    "an alias behind a route",
    { routes: [{ model: "m", groups: to("vllm/m") }], aliases: [{ name: "m", model: "x" }] },
    ["the model or route 'm' has that name"],
  ],
])("operators are told of %s", (_, file, warnings) => {
  expect(resourceWarnings(resources.parse(file), PLACES)).toEqual(warnings.map((text) => expect.stringContaining(text)));
});

it("a file of thousands of faults is told of with the first hundred", () => {
  const routes = Array.from({ length: 150 }, (_, index) => ({ model: `m${index}`, groups: to(`vllm/x${index}`) }));
  expect(resourceWarnings(resources.parse({ routes }), PLACES)).toHaveLength(101);
});
