import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSecret } from "../egress/open-secret.ts";
import { type RootSecretList, RootSecrets } from "./root-secrets.ts";
import { SecretError } from "./secret-error.ts";

const FIRST = "first-root-secret-0123456789abcdefgh";
const SECOND = "second-root-secret-0123456789abcdefg";
const CONTEXT = "upstream/together/default";

function rootsOf(current: string, ...previous: string[]): RootSecrets {
  const named = (value: string) => ({ value, source: "BONFIRE_SECRET" });
  return new RootSecrets(() => [named(current), ...previous.map(named)]);
}

const roots = rootsOf(FIRST);
const faultOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error instanceof SecretError ? error.fault : error;
  }
  return undefined;
};

describe("a sealed secret", () => {
  it("opens to what was sealed, in its context", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (text, context) => {
        expect(openSecret(roots, roots.seal(text, context), context).reveal()).toBe(Buffer.from(text).toString());
      }),
    );
  });

  it("opens in no other context", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (context, other) => {
        fc.pre(context !== other);
        expect(faultOf(() => openSecret(roots, roots.seal("sk-1", context), other))).toBe("damaged");
      }),
    );
  });

  it("opens under no other root secret, and says what is missing", () => {
    const other = rootsOf(SECOND);
    expect(() => openSecret(other, roots.seal("sk-1", CONTEXT), CONTEXT)).toThrow("BONFIRE_PREVIOUS_SECRETS");
    expect(faultOf(() => other.reseal(roots.seal("sk-1", CONTEXT), CONTEXT))).toBe("unknown-root");
  });

  it("does not open once any of its characters is another", () => {
    const sealed = roots.seal("sk-1", CONTEXT);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom(...alphabet), (at, character) => {
        fc.pre(sealed[at] !== character);
        const changed = sealed.slice(0, at) + character + sealed.slice(at + 1);
        expect(["damaged", "unknown-root"]).toContain(faultOf(() => openSecret(roots, changed, CONTEXT)));
      }),
      { numRuns: 500 },
    );
  });

  it("does not open once it is cut, or made of the halves of two", () => {
    const [one, other] = [roots.seal("sk-1", CONTEXT), roots.seal("sk-2", CONTEXT)];
    const mixed = [...one.split(".").slice(0, 3), other.split(".")[3]].join(".");
    for (const wrong of ["", "bf1", one.slice(0, -1), `${one}=`, `${one}\n`, mixed]) {
      expect([wrong, faultOf(() => openSecret(roots, wrong, CONTEXT))]).toEqual([wrong, "damaged"]);
    }
  });

  it("is another text each time, and holds nothing of the secret", () => {
    const [one, other] = [roots.seal("sk-canary", CONTEXT), roots.seal("sk-canary", CONTEXT)];
    expect(one).not.toBe(other);
    expect(Buffer.from(one.split(".")[3] ?? "", "base64url").toString("latin1")).not.toContain("canary");
  });
});

describe("a changed root secret", () => {
  const sealed = roots.seal("sk-1", CONTEXT);
  const both = rootsOf(SECOND, FIRST);

  it("goes on opening what the one before sealed", () => {
    expect(openSecret(both, sealed, CONTEXT).reveal()).toBe("sk-1");
  });

  it("seals again without the earlier one, and without another ciphertext of the secret", () => {
    expect(both.needsReseal(sealed)).toBe(true);
    const again = both.reseal(sealed, CONTEXT);
    expect(both.needsReseal(again)).toBe(false);
    expect(again.split(".")[3]).toBe(sealed.split(".")[3]);
    expect(openSecret(rootsOf(SECOND), again, CONTEXT).reveal()).toBe("sk-1");
    expect(faultOf(() => openSecret(roots, again, CONTEXT))).toBe("unknown-root");
  });

  it("does not seal again for another context", () => {
    expect(faultOf(() => both.reseal(sealed, "upstream/other/default"))).toBe("damaged");
  });

  it("is read anew when something is met that it sealed elsewhere", () => {
    const list = (value: string) => ({ value, source: "file" });
    let known: RootSecretList = [list(FIRST)];
    const following = new RootSecrets(() => known);
    known = [list(SECOND), list(FIRST)];
    expect(openSecret(following, both.reseal(sealed, CONTEXT), CONTEXT).reveal()).toBe("sk-1");
  });
});

describe("whether a secret is the same", () => {
  it("is told without opening it, whatever the root secret was", () => {
    const sealed = roots.seal("sk-1", CONTEXT);
    const both = rootsOf(SECOND, FIRST);
    for (const form of [sealed, both.reseal(sealed, CONTEXT)]) {
      expect(both.isSealOf(form, "sk-1", CONTEXT)).toBe(true);
      expect(both.isSealOf(form, "sk-2", CONTEXT)).toBe(false);
      expect(both.isSealOf(form, "sk-10", CONTEXT)).toBe(false);
    }
  });

  it("is told by fingerprints, which are bound to context and root secret", () => {
    const print = roots.fingerprint("sk-1", CONTEXT);
    expect(roots.fingerprint("sk-1", CONTEXT)).toBe(print);
    expect(
      new Set([print, roots.fingerprint("sk-2", CONTEXT), roots.fingerprint("sk-1", "x"), rootsOf(SECOND).fingerprint("sk-1", CONTEXT)])
        .size,
    ).toBe(4);
    expect(print).not.toContain("sk-1");
  });
});

describe("a root secret", () => {
  it.each(["", "short", "x".repeat(64), "changeme".repeat(3), "aabbccddeeffg".slice(0, 12).repeat(4).slice(0, 31)])(
    "%j is too weak",
    (value) => {
      expect(faultOf(() => rootsOf(value))).toBe("weak");
    },
  );

  it("is in no message about it", () => {
    const weak = "hunter2-hunter2";
    expect(() => rootsOf(weak)).toThrow(/^BONFIRE_SECRET: (?!.*hunter2)/);
  });

  it("is in nothing that is printed", () => {
    expect(inspect(roots, { depth: 10, showHidden: true })).not.toContain("first-root");
    expect(JSON.stringify({ roots })).toBe('{"roots":{}}');
  });
});
