import { upstreamResource } from "@bonfire/protocol/upstreams";
import { describe, expect, it } from "vitest";
import { RootSecrets } from "../secrets/root-secrets.ts";
import type { StoredUpstream } from "./known-upstream.ts";
import { type PlannedUpstream, planUpstream, type UpstreamRules } from "./plan-upstream.ts";

const OLD_ROOT = { value: "0123456789abcdef0123456789abcdef", source: "BONFIRE_SECRET" };
const NEW_ROOT = { value: "fedcba9876543210fedcba9876543210", source: "BONFIRE_SECRET" };
const RULES: UpstreamRules = {
  baseUrlOf: (profile) => (profile === "together" ? "https://api.together.xyz/v1" : undefined),
  reserved: new Set(["upstream"]),
  sealer: new RootSecrets(() => [OLD_ROOT]),
  now: () => 1_000,
};
const SECRET = "sk-0123456789abcdef";

function resource(more: object) {
  return upstreamResource.parse({ name: "t", profile: "together", ...more });
}

function planned(more: object, before?: StoredUpstream, rules = RULES): PlannedUpstream {
  const plan = planUpstream(resource(more), before, rules);
  if (plan.type === "fault") throw new Error(plan.message);
  return plan;
}

function stored(more: object): StoredUpstream {
  const { definition, allKeys } = planned(more);
  return { definition, keys: [...allKeys], listed: null, listedAt: null, listError: null, createdAt: new Date() };
}

describe("an upstream that is put", () => {
  it("is a change where there was none, with its keys sealed", () => {
    const plan = planned({ keys: [{ value: SECRET }] });
    expect(plan).toMatchObject({ isChange: true, forgetsList: true, keys: [{ name: "default", hint: "cdef", createdAt: 1_000 }] });
    expect(JSON.stringify(plan)).not.toContain(SECRET);
  });

  it("is no change where it is so already, keys included", () => {
    const keys = [
      { name: "a", value: SECRET },
      { name: "b", value: "another secret".replaceAll(" ", "-") },
    ];
    expect(planned({ keys }, stored({ keys }))).toMatchObject({ isChange: false, keys: undefined, forgetsList: false });
  });

  it("is no change after the root secret has changed, and seals no key anew", () => {
    const keys = [{ value: SECRET }];
    const rules = { ...RULES, sealer: new RootSecrets(() => [NEW_ROOT, OLD_ROOT]) };
    expect(planned({ keys }, stored({ keys }), rules)).toMatchObject({ isChange: false });
  });

  it("gets its keys anew where nothing opens those that it has", () => {
    const keys = [{ value: SECRET }];
    const rules = { ...RULES, sealer: new RootSecrets(() => [NEW_ROOT]) };
    expect(planned({ keys }, stored({ keys }), rules)).toMatchObject({ isChange: true });
  });

  it("keeps its keys where none are given, and loses them by an empty list", () => {
    const before = stored({ keys: [{ value: SECRET }] });
    expect(planned({ max_concurrent: 3 }, before)).toMatchObject({ isChange: true, keys: undefined, allKeys: before.keys });
    expect(planned({ keys: [] }, before)).toMatchObject({ isChange: true, keys: [] });
  });

  it("is a change where only the order of its keys is another", () => {
    const [a, b] = [
      { name: "a", value: SECRET },
      { name: "b", value: SECRET },
    ];
    expect(planned({ keys: [b, a] }, stored({ keys: [a, b] })).keys?.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  it("tells nothing of a short secret", () => {
    expect(planned({ keys: [{ value: "0123456789abcde" }] }).allKeys).toMatchObject([{ hint: "" }]);
  });

  it("forgets its list where it is another server now", () => {
    expect(planned({ base_url: "https://other/v1" }, stored({})).forgetsList).toBe(true);
    expect(planned({ base_url: "https://api.together.xyz/v1" }, stored({})).forgetsList).toBe(false);
  });
});

describe("an upstream is refused", () => {
  const aws = { kind: "aws-sigv4", region: "eu-central-1" };
  const google = { kind: "google-service-account" };
  it.each([
    ["with the name of the one in the settings", { name: "upstream" }, "name"],
    ["where nothing says where it is", { profile: "vllm" }, "base_url"],
    ["with two keys of one name", { keys: [{ value: "a" }, { value: "b" }] }, "keys[1].name"],
    ["with a key that no header can carry", { keys: [{ value: "canary secret" }] }, "keys[0].value"],
    ["with a key that spans lines", { keys: [{ value: "canary\nsecret" }] }, "keys[0].value"],
    ["with a key that is none for AWS", { credentials: aws, keys: [{ value: "canary" }] }, "keys[0].value"],
    ["with a key that is none for Google", { credentials: google, keys: [{ value: '{"canary": 1}' }] }, "keys[0].value"],
    ["with a key that nothing sends", { credentials: { kind: "none" }, keys: [{ value: "canary" }] }, "keys[0].value"],
  ])("%s, without a word of the key", (_, more, param) => {
    const fault = planUpstream(resource(more), undefined, RULES);
    expect(fault).toMatchObject({ type: "fault", param });
    expect(JSON.stringify(fault)).not.toContain("canary");
  });

  it("where its keys would go to a server for which nobody gave them", () => {
    const before = stored({ keys: [{ value: SECRET }] });
    expect(planUpstream(resource({ base_url: "https://elsewhere.example/v1" }), before, RULES)).toMatchObject({
      type: "fault",
      param: "keys",
    });
    expect(planned({ base_url: "https://api.together.xyz/v2" }, before).isChange).toBe(true);
    expect(planned({ base_url: "https://elsewhere.example/v1", keys: [{ value: SECRET }] }, before).isChange).toBe(true);
  });

  it.each([
    ["AWS", { credentials: aws, keys: [{ value: "AKID:secret/+=" }, { name: "b", value: "AKID:secret:token" }] }],
    ["Google", { credentials: google, keys: [{ value: '{\n  "client_email": "a@b",\n  "private_key": "x"\n}\n' }] }],
  ])("not with keys as %s gives them", (_, more) => {
    expect(planned(more).isChange).toBe(true);
  });
});
