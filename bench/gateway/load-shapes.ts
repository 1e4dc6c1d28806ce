import type { LoadRequest } from "../load/load-plan.ts";

interface ChatShape {
  readonly model: string;
  readonly tokens: number;
  readonly stream: boolean;
}

/** A short chat request. Usage is asked for in streams, so that everybody sends the same number of events. */
export function chatRequest({ model, tokens, stream }: ChatShape, headers: Readonly<Record<string, string>>): LoadRequest {
  return {
    path: "/v1/chat/completions",
    headers: { ...headers },
    body: JSON.stringify({
      model,
      messages: [
        { role: "system", content: "You are a helpful assistant who answers in a few words." },
        { role: "user", content: "How far is it from the earth to the moon, and how long does light take?" },
      ],
      max_tokens: tokens,
      ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    }),
  };
}
