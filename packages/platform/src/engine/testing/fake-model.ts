import { exampleOf } from "./example-of-schema.ts";
import type { Script } from "./fake-replica.ts";
import { type FakeRequest, promptTokens, readFakeRequest, splitTokens } from "./fake-request.ts";
import { FakeStream, type FakeToken, sendJson } from "./fake-stream.ts";

/** What it says when it is asked to think, a token each. */
const THOUGHTS = ["Let", " me", " think."];

/** Every token has this probability, e^-0.5. */
const LOGPROB = -0.5;

/**
 * A server that answers by rule. One word is one token. It repeats the words of the prompt for ever, or writes the smallest document of the
 * schema that it is held to, or calls the tool that it has to call; it thinks first where it is asked to. What does not fit is refused with the
 * counts, as llama.cpp and OpenAI do.
 */
export function answerLikeAModel({ contextLength }: { readonly contextLength: number }): Script {
  return async ({ path, body, response, hungUp }) => {
    const request = readFakeRequest(body);
    const { n, stop, response_format: format } = request;
    const prompt = promptTokens(request);
    const refusal = refusalOf(request, prompt.length, contextLength);
    if (refusal !== undefined) return sendJson(response, 400, { error: refusal });
    const limit = Math.min(request.max_tokens ?? contextLength, contextLength - prompt.length);
    const call = calledTool(request);
    const thoughts = isAskedToThink(request) ? THOUGHTS : [];
    const document = format.type === "json_schema" ? exampleOf(format.json_schema.schema) : format.type === "json_object" ? {} : undefined;
    const answer = call !== undefined ? [] : document === undefined ? undefined : splitTokens(JSON.stringify(document, null, 1));
    const stream = new FakeStream(response, { path, model: request.model });
    stream.begin();
    for (let choice = 0; choice < n; choice++) stream.role(choice);
    if (request.echo) for (let choice = 0; choice < n; choice++) stream.text(choice, prompt.join(""), echoed(request, prompt));
    const open = new Set(Array.from({ length: n }, (_, choice) => choice));
    const said = Array.from({ length: n }, () => "");
    let generated = 0;
    let thought = 0;
    for (let position = 0; open.size > 0; position++) {
      for (const choice of open) {
        // A turn of the event loop a token, so that requests overlap and a hang-up is noticed.
        await new Promise((resolve) => setImmediate(resolve));
        if (hungUp.aborted) return;
        const finish = (reason: string): void => {
          open.delete(choice);
          stream.finish(choice, reason);
        };
        if (position >= limit) {
          finish("length");
          continue;
        }
        const thinking = thoughts[position];
        if (thinking !== undefined) {
          thought++;
          generated++;
          stream.reasoning(choice, thinking);
          continue;
        }
        const place = position - thoughts.length;
        const token = answer === undefined ? repeated(prompt, place + choice, place) : answer[place];
        if (token === undefined) {
          if (call !== undefined) stream.toolCall(choice, { index: 0, id: `call_fake_${choice}`, ...call });
          generated += call === undefined ? 0 : 1;
          finish(call === undefined ? "stop" : "tool_calls");
          continue;
        }
        generated++;
        const before = said[choice] ?? "";
        const end = earliestStop(before + token, stop);
        const rest = end === undefined ? token : (before + token).slice(before.length, end);
        said[choice] = before + rest;
        if (rest !== "") stream.text(choice, rest, tokensOf(request, [rest]));
        if (end !== undefined) finish("stop");
      }
    }
    stream.usage({
      prompt_tokens: prompt.length,
      completion_tokens: generated,
      total_tokens: prompt.length + generated,
      completion_tokens_details: { reasoning_tokens: thought },
    });
    stream.done();
  };
}

function refusalOf(
  { max_tokens: asked, context_length_exceeded_behavior: behavior, response_format }: FakeRequest,
  length: number,
  most: number,
) {
  if (length >= most) {
    const message = `This model's maximum context length is ${most} tokens. However, your messages resulted in ${length} tokens.`;
    return { message, type: "exceed_context_size_error", code: 400, n_prompt_tokens: length, n_ctx: most };
  }
  if (asked !== undefined && behavior === "error" && length + asked > most) {
    const message = `This model's maximum context length is ${most} tokens. However, you requested ${length + asked} tokens (${length} in the messages, ${asked} in the completion).`;
    return { message, type: "invalid_request_error", code: "context_length_exceeded" };
  }
  if (response_format.type === "regex" || response_format.type === "grammar") {
    return {
      message: `Unknown response format '${response_format.type}'.`,
      type: "invalid_request_error",
      param: "response_format",
      code: null,
    };
  }
  return undefined;
}

function calledTool({ tools, tool_choice: choice }: FakeRequest): { name: string; arguments: string } | undefined {
  const called =
    choice === "required"
      ? tools[0]
      : typeof choice === "string"
        ? undefined
        : tools.find((tool) => tool.function.name === choice.function.name);
  return called && { name: called.function.name, arguments: JSON.stringify(exampleOf(called.function.parameters)) };
}

function isAskedToThink({ reasoning_effort: effort, chat_template_kwargs: variables }: FakeRequest): boolean {
  return variables.enable_thinking === true || (effort !== undefined && effort !== "none");
}

function repeated(prompt: readonly string[], place: number, position: number): string {
  const word = prompt[place % prompt.length]?.trim() ?? "word";
  return position === 0 ? word : ` ${word}`;
}

function echoed(request: FakeRequest, prompt: readonly string[]): FakeToken[] | undefined {
  return tokensOf(request, prompt)?.map((token, index) => (index === 0 ? { ...token, logprob: null } : token));
}

function tokensOf({ logprobs, top_logprobs }: FakeRequest, texts: readonly string[]): FakeToken[] | undefined {
  if (logprobs === undefined || logprobs === false) return undefined;
  const count = typeof logprobs === "number" ? logprobs : top_logprobs;
  return texts.map((token) => ({
    token,
    logprob: LOGPROB,
    alternatives: Array.from({ length: count }, (_, rank) => ({ token: rank === 0 ? token : `other${rank}`, logprob: LOGPROB - rank })),
  }));
}

function earliestStop(text: string, stops: readonly string[]): number | undefined {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
  return ends.length === 0 ? undefined : Math.min(...ends);
}
