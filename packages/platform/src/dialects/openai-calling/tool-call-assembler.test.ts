import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FinishReason, GenerateEvent } from "../../engine/generation.ts";
import { readFunctionCallDelta, readToolCallDeltas, ToolCallAssembler } from "./tool-call-assembler.ts";

type Entry = Record<string, unknown>;

/** `delta.tool_calls` of each chunk in, events out. */
function assemble(chunks: readonly (readonly Entry[])[], { parallel = true, reason = "tool_calls" as FinishReason } = {}): GenerateEvent[] {
  const assembler = new ToolCallAssembler({ choice: 0, parallel });
  const events: GenerateEvent[] = [];
  for (const chunk of chunks) assembler.add(readToolCallDeltas(chunk), events);
  assembler.end(reason, events);
  return events;
}

/** Name and arguments of each call, and that they come one after the other. */
function callsIn(events: readonly GenerateEvent[]): [string, string][] {
  const calls: [string, string][] = [];
  for (const event of events) {
    if (event.type === "tool-call-start") {
      expect(event.call).toBe(calls.length);
      calls.push([event.name, ""]);
    } else if (event.type === "tool-call-delta") {
      expect(event.call).toBe(calls.length - 1);
      const last = calls.at(-1);
      if (last !== undefined) last[1] += event.arguments;
    }
  }
  return calls;
}

const idsIn = (events: readonly GenerateEvent[]): string[] =>
  events.flatMap((event) => (event.type === "tool-call-start" ? [event.id] : []));

const A = '{"a":1}';
const B = '{"b":2}';
const called = (name: string | undefined, text?: unknown): Entry => ({ function: { ...(name ? { name } : {}), arguments: text } });

describe("the assembler of tool calls", () => {
  it.each<[string, Entry[][], [string, string][]]>([
    [
      "one call in pieces",
      [[{ index: 0, id: "x", ...called("f", "") }], [{ index: 0, ...called(undefined, '{"a"') }], [{ index: 0, ...called("", ":1}") }]],
      [["f", A]],
    ],
    [
      "two calls",
      [[{ index: 0, id: "x", ...called("f", A) }], [{ index: 1, id: "y", ...called("g", B) }]],
      [
        ["f", A],
        ["g", B],
      ],
    ],
    [
      "no index",
      [[{ id: "x", ...called("f", "") }], [called(undefined, A)], [{ id: "y", ...called("g", B) }]],
      [
        ["f", A],
        ["g", B],
      ],
    ],
    [
      "neither index nor id",
      [[called("f", A)], [called("f", B)]],
      [
        ["f", A],
        ["f", B],
      ],
    ],
    [
      "whole calls in one chunk, without an index",
      [[called("f", A), called("f", B)]],
      [
        ["f", A],
        ["f", B],
      ],
    ],
    [
      "calls without arguments in one chunk",
      [[called("f"), called("f")]],
      [
        ["f", "{}"],
        ["f", "{}"],
      ],
    ],
    [
      "index 0 for each",
      [
        [{ index: 0, id: "x", ...called("f", '{"a"') }],
        [{ index: 0, ...called(undefined, ":1}") }],
        [{ index: 0, id: "y", ...called("f", B) }],
      ],
      [
        ["f", A],
        ["f", B],
      ],
    ],
    [
      "index 0 for each, without ids",
      [[{ index: 0, ...called("f", A) }], [{ index: 0, ...called("g", B) }]],
      [
        ["f", A],
        ["g", B],
      ],
    ],
    [
      "an id that changes",
      [
        [{ index: 0, id: "x", ...called("f", "") }],
        [{ index: 0, id: "y", ...called(undefined, '{"a"') }],
        [{ index: 0, id: "z", ...called(undefined, ":1}") }],
      ],
      [["f", A]],
    ],
    [
      "id and name in each piece",
      [
        [{ index: 0, id: "x", ...called("f", '{"a"') }],
        [{ index: 0, id: "x", ...called("f", ":1}") }],
        [{ index: 0, id: "x", ...called("f", "") }],
      ],
      [["f", A]],
    ],
    [
      "id and name in each piece, without an index",
      [[{ id: "x", ...called("f", '{"a"') }], [{ id: "x", ...called("f", ":1}") }]],
      [["f", A]],
    ],
    [
      "the id before the name",
      [[{ index: 0, id: "x" }], [{ index: 0, ...called("f", "") }], [{ index: 0, ...called(undefined, A) }]],
      [["f", A]],
    ],
    [
      "one id for each",
      [[{ index: 0, id: "x", ...called("f", A) }], [{ index: 1, id: "x", ...called("g", B) }]],
      [
        ["f", A],
        ["g", B],
      ],
    ],
    ["a number for an id", [[{ index: 0, id: 7, ...called("f", A) }]], [["f", A]]],
    ["arguments as an object", [[{ index: 0, id: "x", ...called("f", { a: 1 }) }]], [["f", A]]],
    ["arguments that are null", [[{ index: 0, id: "x", ...called("f", null) }]], [["f", "{}"]]],
    [
      "pieces of two calls mixed",
      [
        [{ index: 0, id: "x", ...called("f", '{"a"') }],
        [{ index: 1, id: "y", ...called("g", '{"b"') }],
        [{ index: 0, ...called(undefined, ":1}") }],
        [{ index: 1, ...called(undefined, ":2}") }],
      ],
      [
        ["f", A],
        ["g", B],
      ],
    ],
  ])("reads %s", (_, chunks, expected) => {
    const events = assemble(chunks);
    expect(callsIn(events)).toEqual(expected);
    const ids = idsIn(events);
    expect(new Set(ids).size).toBe(expected.length);
    expect(ids).not.toContain("");
  });

  it("keeps the other side's id, and makes one where there is none", () => {
    expect(idsIn(assemble([[{ index: 0, id: "call_x", ...called("f", A) }]]))).toEqual(["call_x"]);
    expect(idsIn(assemble([[{ index: 0, ...called("f", A) }]]))).toEqual([expect.stringMatching(/^call_[0-9a-f]{32}$/)]);
  });

  it("reads the one call of OpenAI's older form", () => {
    const assembler = new ToolCallAssembler({ choice: 0, parallel: true });
    const events: GenerateEvent[] = [];
    for (const delta of [{ name: "f", arguments: "" }, { arguments: '{"a"' }, { arguments: ":1}" }]) {
      assembler.add(readFunctionCallDelta(delta), events);
    }
    assembler.end("tool_calls", events);
    expect(callsIn(events)).toEqual([["f", A]]);
  });

  it("hands pieces out as they come, those of a second call once the first is whole", () => {
    const assembler = new ToolCallAssembler({ choice: 0, parallel: true });
    const arrive = (entry: Entry): string[] => {
      const events: GenerateEvent[] = [];
      assembler.add(readToolCallDeltas([entry]), events);
      return events.map((event) => event.type);
    };
    expect(arrive({ index: 0, id: "x", ...called("f", '{"a"') })).toEqual(["tool-call-start", "tool-call-delta"]);
    expect(arrive({ index: 1, id: "y", ...called("g", '{"b"') })).toEqual([]);
    expect(arrive({ index: 0, ...called(undefined, ":1}") })).toEqual(["tool-call-delta", "tool-call-start", "tool-call-delta"]);
    expect(arrive({ index: 1, ...called(undefined, ":2}") })).toEqual(["tool-call-delta"]);
  });

  it("hands out the first call alone where only one was asked for", () => {
    const chunks = [[{ index: 0, id: "x", ...called("f", A) }], [{ index: 1, id: "y", ...called("g", B) }]];
    expect(callsIn(assemble(chunks, { parallel: false }))).toEqual([["f", A]]);
  });

  it("leaves arguments that were cut off as they are", () => {
    expect(callsIn(assemble([[{ index: 0, id: "x", ...called("f", "") }]], { reason: "length" }))).toEqual([["f", ""]]);
    expect(callsIn(assemble([[{ index: 0, id: "x", ...called("f", '{"a') }]], { reason: "length" }))).toEqual([["f", '{"a']]);
  });

  it("fails on a call that never gets a name", () => {
    expect(() => assemble([[{ index: 0, id: "x", ...called(undefined, A) }]])).toThrow("without a name");
  });

  it("loses nothing of calls that follow the rules, however they are cut and mixed", () => {
    const value = fc.jsonValue().map((json) => JSON.stringify({ value: json }));
    const call = fc.record({ name: fc.constantFrom("f", "g"), text: value, cuts: fc.array(fc.nat(40), { maxLength: 4 }) });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 3 }), fc.infiniteStream(fc.nat()), (calls, picks) => {
        const queues = calls.map(({ name, text, cuts }, index) => {
          const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
          const pieces = places.slice(1).map((end, piece): Entry => ({ index, ...called(undefined, text.slice(places[piece], end)) }));
          return [{ index, id: `call_${index}`, ...called(name, "") }, ...pieces];
        });
        const chunks: Entry[][] = queues.map((queue) => queue.splice(0, 1));
        for (let open = queues.filter((queue) => queue.length > 0); open.length > 0; open = queues.filter((queue) => queue.length > 0)) {
          const next = open[picks.next().value % open.length]?.shift();
          if (next !== undefined) chunks.push([next]);
        }
        expect(callsIn(assemble(chunks))).toEqual(calls.map(({ name, text }) => [name, text]));
      }),
    );
  });
});
