import { responseEvent } from "@bonfire/protocol/response-events";
import { createResponseRequest, type ResponseObject, responseObject } from "@bonfire/protocol/responses";
import { readResponseCall } from "../dialects/openai-responses/read-request.ts";
import { beginResponse } from "../dialects/openai-responses/response-states.ts";
import type { Serving } from "../serving/serving.ts";
import { answerFrames, answerWhole, unixSeconds } from "./answer-response.ts";
import type { Endpoint } from "./endpoint.ts";
import { followResponse } from "./follow-response.ts";
import { readPrompt } from "./response-input.ts";
import { type ResponseParts, scopeOf } from "./response-parts.ts";
import { routeGeneration } from "./route-generation.ts";

export function createResponse(serving: Serving, parts: ResponseParts): Endpoint {
  const { store, runs } = parts;
  return {
    method: "POST",
    paths: ["/v1/responses"],
    permission: "inference",
    summary: "Answer an input; what is stored of it can be continued and fetched later.",
    schemas: { body: createResponseRequest, answer: responseObject, chunk: responseEvent },
    handle: async (request, caller) => {
      const call = readResponseCall(request.body);
      request.facts.model = serving.find(call.model).id;
      const scope = scopeOf(caller);
      const { prompt, input } = await readPrompt(call, scope, parts);
      const asked = { ...call, requests: [{ ...call.options, prompt }], stream: call.stream && !call.background };
      const { generation, headers } = routeGeneration(serving, {
        ...{ request, caller, call: asked },
        endpoint: "responses",
        promptParam: "input",
      });
      // What runs in the background can be watched while it does.
      const isSeenWhole = !call.stream && !call.background;
      const generate = (signal: AbortSignal) => serving.generate({ ...generation, isSeenWhole }, signal);
      // Named after the request, so that logs and answers can be matched.
      const id = `resp_${request.id.slice(request.id.indexOf("_") + 1)}`;

      if (call.background) {
        const response = beginResponse(id, unixSeconds(), "queued", call.echo);
        await runs.add({ scope, response, input, generate });
        if (!call.stream) return { headers: headers(), json: response };
        return { headers, frames: followResponse(parts, { scope, response, after: -1, signal: request.signal }) };
      }

      if (call.store) await store.requireDatabase();
      const answer = {
        begun: beginResponse(id, unixSeconds(), "in_progress", call.echo),
        events: generate(request.signal),
        keep: async (response: ResponseObject) => {
          if (call.store) await store.add({ scope, response, input });
        },
        signal: request.signal,
      };
      if (call.stream) return { headers, frames: answerFrames(answer) };
      const json = await answerWhole(answer);
      return { headers: headers(), json };
    },
  };
}
