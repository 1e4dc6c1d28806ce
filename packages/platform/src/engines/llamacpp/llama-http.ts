import { z } from "zod";
import type { ReplicaHttp } from "../../egress/replica-http.ts";
import { EngineError } from "../../engine/engine-error.ts";

const rendered = z.object({ prompt: z.string() });
const tokenized = z.object({ tokens: z.array(z.int()) });
const pieces = z.object({ tokens: z.array(z.object({ id: z.int(), piece: z.union([z.string(), z.array(z.int())]) })) });
const detokenized = z.object({ content: z.string() });
const props = z.object({
  chat_template: z.string().default(""),
  modalities: z.object({ vision: z.boolean().default(false) }).default({ vision: false }),
  media_marker: z.string().optional(),
});
type Props = z.infer<typeof props>;

/** The server's questions and answers beside generation, read. Two calls over a local socket are a few milliseconds. */
export class LlamaHttp {
  readonly #http: ReplicaHttp;

  constructor(http: ReplicaHttp) {
    this.#http = http;
  }

  async props(signal: AbortSignal): Promise<Props> {
    return read(props, await this.#http.getJson("props", signal), "description of itself");
  }

  async applyTemplate(body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<string> {
    return read(rendered, await this.#http.postJson("apply-template", body, signal), "rendered prompt").prompt;
  }

  async tokenize(content: string, signal: AbortSignal, { addSpecialTokens = true } = {}): Promise<readonly number[]> {
    const body = { content, add_special: addSpecialTokens, parse_special: true };
    return read(tokenized, await this.#http.postJson("tokenize", body, signal), "tokens").tokens;
  }

  /** Text of each token, or its bytes where they are no whole UTF-8. */
  async pieces(content: string, signal: AbortSignal) {
    const body = { content, add_special: true, parse_special: true, with_pieces: true };
    return read(pieces, await this.#http.postJson("tokenize", body, signal), "tokens").tokens;
  }

  async detokenize(tokens: readonly number[], signal: AbortSignal): Promise<string> {
    try {
      return read(detokenized, await this.#http.postJson("detokenize", { tokens }, signal), "text").content;
    } catch (cause) {
      // It has no other word for an id beyond its vocabulary.
      if (!(cause instanceof EngineError) || cause.details.status !== 500) throw cause;
      throw new EngineError("invalid-request", "One of the tokens is not in the model's vocabulary.", { promptIsAtFault: true, cause });
    }
  }
}

function read<Value>(schema: z.ZodType<Value>, json: unknown, what: string): Value {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new EngineError("bad-response", `The engine's ${what} cannot be read.`, { cause: parsed.error });
}
