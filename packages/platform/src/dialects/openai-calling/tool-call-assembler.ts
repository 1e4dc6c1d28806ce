import { newId } from "@bonfire/protocol/ids";
import { z } from "zod";
import { EngineError } from "../../engine/engine-error.ts";
import type { FinishReason, GenerateEvent } from "../../engine/generation.ts";

/** What one piece of a streamed call says; absent and empty are the same. */
export interface ToolCallDelta {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
}

const functionDelta = z.object({ name: z.string().nullish(), arguments: z.unknown().optional() });
const toolCallDeltas = z.array(
  z.object({
    index: z.int().nullish(),
    // A number at some servers.
    id: z.union([z.string(), z.number()]).nullish(),
    function: functionDelta.nullish(),
  }),
);

/** `delta.tool_calls`. @throws ZodError */
export function readToolCallDeltas(json: unknown): readonly ToolCallDelta[] {
  return toolCallDeltas.parse(json).map(({ index, id, function: called }) => ({
    index: index ?? undefined,
    id: id === null || id === undefined || id === "" ? undefined : String(id),
    name: called?.name || undefined,
    arguments: argumentsText(called?.arguments),
  }));
}

/** `delta.function_call`, OpenAI's form before there were several calls. @throws ZodError */
export function readFunctionCallDelta(json: unknown): readonly ToolCallDelta[] {
  const { name, arguments: given } = functionDelta.parse(json);
  return [{ index: 0, id: undefined, name: name || undefined, arguments: argumentsText(given) }];
}

/** JSON text, which some servers send as the value that it stands for. */
function argumentsText(given: unknown): string {
  if (given === undefined || given === null) return "";
  return typeof given === "string" ? given : JSON.stringify(given);
}

interface Call {
  readonly index: number | undefined;
  /** The other side's; it may come late, change or be missing. */
  theirId: string | undefined;
  name: string | undefined;
  /** All arguments so far. */
  text: string;
  /** Of them, what has not been handed out. */
  pending: string;
  isBegun: boolean;
  /** The chunk in which its name came last. */
  namedIn: number;
}

interface AssemblerOptions {
  readonly choice: number;
  /** False hands out the first call alone: some servers do not heed `parallel_tool_calls`. */
  readonly parallel: boolean;
}

/**
 * Makes calls out of the pieces of a stream. Servers differ in all that tells calls apart: the index may be missing or 0 for each, the id may
 * be missing, repeated, or another in each piece, and so may the name. What decides then is whether the arguments so far are whole. Calls whose
 * pieces are mixed come out one after the other.
 */
export class ToolCallAssembler {
  readonly #options: AssemblerOptions;
  readonly #calls: Call[] = [];
  readonly #ids = new Set<string>();
  #last: Call | undefined;
  /** Which call's pieces are handed out as they come; later ones wait. */
  #speaking = 0;
  #chunk = 0;

  constructor(options: AssemblerOptions) {
    this.#options = options;
  }

  /** Takes the pieces of one chunk. */
  add(deltas: readonly ToolCallDelta[], events: GenerateEvent[]): void {
    this.#chunk++;
    for (const delta of deltas) {
      const call = this.#callOf(delta);
      this.#last = call;
      call.theirId ??= delta.id;
      if (delta.name !== undefined) {
        call.name ??= delta.name;
        call.namedIn = this.#chunk;
      }
      call.text += delta.arguments;
      call.pending += delta.arguments;
    }
    this.#handOut(events);
  }

  /** Hands out what waited. Arguments that were never said are those of a call without any, unless the answer was cut off. */
  end(reason: FinishReason, events: GenerateEvent[]): void {
    for (; this.#speaking < this.#handedOut; this.#speaking++) {
      const call = this.#calls[this.#speaking];
      if (call === undefined) break;
      if (call.name === undefined) throw new EngineError("bad-response", "The engine made a tool call without a name.");
      if (call.text.trim() === "" && reason !== "length") call.pending += "{}";
      this.#say(call, call.name, events);
    }
  }

  get #handedOut(): number {
    return this.#options.parallel ? this.#calls.length : Math.min(1, this.#calls.length);
  }

  #callOf(delta: ToolCallDelta): Call {
    const known = this.#find(delta);
    if (known !== undefined && !this.#isAnother(known, delta)) return known;
    const call = { index: delta.index, theirId: delta.id, name: undefined, text: "", pending: "", isBegun: false, namedIn: 0 };
    this.#calls.push(call);
    return call;
  }

  #find({ index, id }: ToolCallDelta): Call | undefined {
    if (index !== undefined) {
      const there = this.#calls.filter((call) => call.index === index);
      return there.findLast((call) => id !== undefined && call.theirId === id) ?? there.at(-1);
    }
    return this.#calls.findLast((call) => id !== undefined && call.theirId === id) ?? this.#last;
  }

  /** Whether a piece that seems to belong to a call begins another one. */
  #isAnother(call: Call, { id, name, arguments: piece }: ToolCallDelta): boolean {
    if (name === undefined || call.name === undefined) return false;
    if (name !== call.name || call.namedIn === this.#chunk) return true;
    const hasNewId = id !== undefined && call.theirId !== undefined && id !== call.theirId;
    return (hasNewId || piece !== "") && isJson(call.text);
  }

  #handOut(events: GenerateEvent[]): void {
    for (;;) {
      const call = this.#calls[this.#speaking];
      if (call?.name === undefined) return;
      this.#say(call, call.name, events);
      if (this.#speaking + 1 >= this.#handedOut || !isJson(call.text)) return;
      this.#speaking++;
    }
  }

  #say(call: Call, name: string, events: GenerateEvent[]): void {
    const { choice } = this.#options;
    if (!call.isBegun) {
      call.isBegun = true;
      events.push({ type: "tool-call-start", choice, call: this.#speaking, id: this.#newId(call.theirId), name });
    }
    if (call.pending === "") return;
    events.push({ type: "tool-call-delta", choice, call: this.#speaking, arguments: call.pending });
    call.pending = "";
  }

  /** Clients tell results apart by it: no two calls have the same. */
  #newId(theirs: string | undefined): string {
    const id = theirs === undefined || this.#ids.has(theirs) ? newId("call") : theirs;
    this.#ids.add(id);
    return id;
  }
}

function isJson(text: string): boolean {
  if (!text.trimEnd().endsWith("}")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
