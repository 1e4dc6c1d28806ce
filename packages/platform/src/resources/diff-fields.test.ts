import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffFields } from "./diff-fields.ts";

describe("the difference between two resources", () => {
  it.each([
    ["a value", { a: 1 }, { a: 2 }, [{ path: "a", before: 1, after: 2 }]],
    ["a field that comes", {}, { a: 1 }, [{ path: "a", before: null, after: 1 }]],
    ["a field that goes", { a: 1 }, {}, [{ path: "a", before: 1, after: null }]],
    ["a field of a field", { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, [{ path: "a.c", before: 2, after: 3 }]],
    ["a list of values, as a whole", { a: ["x"] }, { a: ["x", "y"] }, [{ path: "a", before: ["x"], after: ["x", "y"] }]],
    ["an entry of a list", { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] }, [{ path: "a[1].b", before: 2, after: 3 }]],
    ["an entry that comes", { a: [] }, { a: [{ b: 1 }] }, [{ path: "a[0]", before: null, after: { b: 1 } }]],
    ["nothing", { a: [{ b: [1] }] }, { a: [{ b: [1] }] }, []],
  ])("is told for %s", (_, before, after, fields) => {
    expect(diffFields(before, after)).toEqual(fields);
  });

  it("is nothing exactly where they are the same", () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, other) => {
        const [before, after] = [{ value: JSON.parse(one) }, { value: JSON.parse(other) }];
        expect(diffFields(before, before)).toEqual([]);
        const isSame = JSON.stringify(before) === JSON.stringify(after);
        if (!isSame && diffFields(before, after).length === 0) expect(after).toEqual(before);
      }),
    );
  });
});
