import { ApiError } from "@bonfire/protocol/errors";
import { countInputTokensRequest, inputTokens } from "@bonfire/protocol/responses";
import { readCountCall } from "../dialects/openai-responses/read-request.ts";
import type { Prompt } from "../engine/generation.ts";
import type { Serving } from "../serving/serving.ts";
import type { Endpoint } from "./endpoint.ts";
import { readPrompt } from "./response-input.ts";
import { type ResponseParts, scopeOf } from "./response-parts.ts";

export function countInputTokens(serving: Serving, parts: ResponseParts): Endpoint {
  return {
    method: "POST",
    paths: ["/v1/responses/input_tokens"],
    permission: "inference",
    summary: "Count the tokens that an input has, without answering it.",
    schemas: { body: countInputTokensRequest, answer: inputTokens },
    handle: async ({ body, facts, signal }, caller) => {
      const call = readCountCall(body);
      const model = serving.find(call.model);
      facts.model = model.id;
      const { prompt } = await readPrompt(call, scopeOf(caller), parts);
      refuseImages(prompt);
      const tokens = await serving.tokenize(model, { ...call.options, prompt }, "input", signal);
      return { json: { object: "response.input_tokens", input_tokens: tokens.length } };
    },
  };
}

/** How many tokens an image has is known only to the model that has seen it. */
function refuseImages(prompt: Prompt): void {
  if (prompt.kind !== "chat") return;
  for (const { content } of prompt.messages) {
    if (typeof content === "string") continue;
    const image = content.find((part) => part.kind === "image");
    if (image !== undefined) throw new ApiError("unsupported_parameter", "Tokens of images cannot be counted.", { param: image.param });
  }
}
