import { type AnswerHead, answerId } from "../dialects/openai-serving/answer-head.ts";
import type { EndpointRequest } from "./endpoint.ts";

/** What every body and chunk of a request's answer repeats. @param model as the client named it. */
export function headOf({ id, dialect, facts, arrivedAt }: EndpointRequest, prefix: "chatcmpl" | "cmpl", model: string): AnswerHead {
  return {
    id: answerId(dialect, prefix, id),
    created: Math.floor(Date.now() / 1_000),
    model,
    timing: () => ({ firstTokenMs: facts.firstTokenMs, elapsedMs: performance.now() - arrivedAt }),
  };
}
