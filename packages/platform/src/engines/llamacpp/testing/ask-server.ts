import { foldGeneration, type Generation } from "../../../engine/fold-generation.ts";
import type { GenerateEvent, GenerateRequest, TokenLogprob } from "../../../engine/generation.ts";
import type { LlamaServer } from "./start-llama-server.ts";

export type Asked = Partial<GenerateRequest>;

export function streamFrom(server: LlamaServer, request: Asked, signal = AbortSignal.timeout(60_000)): AsyncIterable<GenerateEvent> {
  const { client } = server.supervisor;
  if (client?.generate === undefined) throw new Error("The client does not generate.");
  return client.generate({ prompt: say("Hi"), choices: 1, stop: [], maxTokens: 1, ...request }, signal);
}

export function askServer(server: LlamaServer, request: Asked): Promise<Generation> {
  return foldGeneration(streamFrom(server, request));
}

/** The only choice of an answer. */
export async function answerOf(server: LlamaServer, request: Asked) {
  const generation = await askServer(server, request);
  const [choice] = generation.choices;
  if (choice === undefined) throw new Error("There is no choice.");
  return { ...choice, usage: generation.usage, start: generation.start };
}

export function say(content: string): GenerateRequest["prompt"] {
  return { kind: "chat", messages: [{ role: "user", content }] };
}

export function textOf(tokens: readonly Pick<TokenLogprob, "token">[]): string {
  return tokens.map(({ token }) => token).join("");
}
