import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readResourceText } from "./resource-text.ts";

const read = (text: string, environment = {}) => readResourceText({ name: "team.yaml", text }, environment);
const faultsOf = (text: string, environment = {}) => read(text, environment).faults;
const withKey = (value: string) => `upstreams:\n  - name: together\n    keys:\n      - value: ${value}\n`;
const keyOf = (text: string, environment: Record<string, string>) => read(text, environment).documents[0]?.resources.upstreams?.[0]?.keys;

describe("a resources file", () => {
  it("is YAML or JSON, of one document or several; empty ones say nothing", () => {
    const yaml = "aliases: [{name: a, model: m}]\n---\n---\nroutes:\n  - model: r\n    groups: [{deployments: [{deployment: local/m}]}]\n";
    expect(read(yaml).documents.map(({ resources }) => Object.keys(resources))).toEqual([["aliases"], ["routes"]]);
    const json = '{\n\t"aliases": [\n\t\t{"name": "a", "model": "m"}\n\t]\n}';
    expect(read(json)).toMatchObject({ faults: [], documents: [{ resources: { aliases: [{ name: "a", model: "m" }] } }] });
    expect(read("")).toEqual({ documents: [], faults: [] });
  });

  it("leaves a kind that it does not have absent, and an empty one empty", () => {
    expect(read("routes: []").documents[0]?.resources).toEqual({ routes: [] });
  });

  it("knows the line of each thing, for what is said about it later", () => {
    const [document] = read("aliases:\n  - {name: a, model: m}\n\n  - {name: b, model: m}\n").documents;
    expect(document?.place(["aliases", 1])).toBe("team.yaml:4");
  });

  it.each([
    [
      "a misspelled field",
      "upstreams:\n  - name: x\n    base-url: http://h\n",
      "team.yaml:3: upstreams[0].base-url: there is no such field; did you mean base_url?",
    ],
    ["a misspelled kind", "route: []\n", "team.yaml:1: route: there is no such field; did you mean routes?"],
    [
      "a field of a deeper map",
      "routes:\n  - model: a\n    groups: [{deployments: [{deployment: local/m}]}]\n    retries: {attemps: 2}\n",
      "team.yaml:4: routes[0].retries.attemps: there is no such field; did you mean attempts?",
    ],
    [
      "a field like no other",
      "aliases:\n  - {name: a, model: m, zzzzzzzz: 1}\n",
      "team.yaml:2: aliases[0].zzzzzzzz: there is no such field; there are name, model",
    ],
    ["a field that is missing", "aliases:\n  - name: a\n", "team.yaml:2: aliases[0].model: expected string, received undefined"],
    [
      "a word of a list",
      "upstreams:\n  - name: x\n    profile: vlm\n",
      /^team\.yaml:3: upstreams\[0\]\.profile: expected one of "generic"\|"openai"/,
    ],
    [
      "a name with a rule",
      "upstreams:\n  - name: local\n",
      "team.yaml:2: upstreams[0].name: expected another name: 'local' stands for the platform's own models",
    ],
    [
      "a deployment without an upstream",
      "routes:\n  - model: a\n    groups:\n      - deployments:\n          - deployment: gpt-4o\n",
      /^team\.yaml:5: routes\[0\]\.groups\[0\]\.deployments\[0\]\.deployment: expected the name of a deployment such as/,
    ],
    [
      "neither of two forms",
      "upstreams:\n  - name: x\n    health_check: often\n",
      "team.yaml:3: upstreams[0].health_check: expected a duration such as 500ms, 30s, 5m or 1h",
    ],
    [
      "a branch that does not fit",
      "upstreams:\n  - name: x\n    credentials: {kind: aws-sigv4, region: EU}\n",
      "team.yaml:3: upstreams[0].credentials.region: expected an AWS region such as eu-central-1",
    ],
    ["text that is no YAML", "routes: [\n", /^team\.yaml:\d: this is no YAML: Flow sequence/],
    ["an alias of YAML without its anchor", "routes: *none\n", /^team\.yaml:1: this is no YAML: Unresolved alias/],
    ["something else than a map", "- a\n", "team.yaml:1: expected object, received array"],
  ])("%s is told with its line, its path and what would be right", (_, text, fault) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });

  it("is told all its faults at once", () => {
    expect(faultsOf("aliases: [{name: a}]\nroutes: [{model: b}]\n")).toHaveLength(2);
  });
});

describe("the value of a key", () => {
  it("comes from the environment where it names variables", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
    expect(keyOf(withKey("${A_KEY}"), { A_KEY: "tok-1\n" })).toEqual([{ name: "default", value: "tok-1" }]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
    expect(keyOf(withKey("${ID}:${SECRET}"), { ID: "i", SECRET: "s" })).toEqual([{ name: "default", value: "i:s" }]);
  });

  it("stands as it is with two dollar signs, and without a name in braces", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
    expect(keyOf(withKey('"$${A_KEY}-$B-${1}"'), {})).toEqual([{ name: "default", value: "${A_KEY}-$B-${1}" }]);
  });

  it.each([{}, { A_KEY: " " }])("is a fault that names the variable where that is not set: %j", (environment) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
    expect(faultsOf(withKey("${A_KEY}"), environment)).toEqual(["team.yaml:4: upstreams[0].keys[0].value: the variable A_KEY is not set"]);
  });

  it("is a fault where the variable holds what no key may, without saying what", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
    expect(faultsOf(withKey("${A_KEY}"), { A_KEY: "one\u0007two" })).toEqual([
      "team.yaml:4: upstreams[0].keys[0].value: expected a key of at most 20000 characters without control characters",
    ]);
  });

  it("is the only place for variables", () => {
    expect(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
      read("upstreams: [{name: x, headers: {x-a: '${HOME}'}}]", { HOME: "/root" }).documents[0]?.resources.upstreams?.[0]?.headers,
    ).toEqual({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the places that files have for variables
      "x-a": "${HOME}",
    });
  });

  it("is never told, whatever is wrong around it", () => {
    const secret = "canary-7f3a";
    const around = fc.constantFrom("", "  ", "]", "}", ": x", "\n  bad: [", "\n- y", "'", "\t", "&a *b", "{", "!", "\\q", '"\\q');
    fc.assert(
      fc.property(around, around, (before, after) => {
        const faults = faultsOf(`${withKey(`${before}${secret}${after}`)}${before}`, { A_KEY: secret });
        expect(faults.join("\n")).not.toContain(secret);
      }),
    );
  });
});
