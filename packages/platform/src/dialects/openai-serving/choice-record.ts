import type { ChatCompletion } from "@bonfire/protocol/chat-completions";
import type { GeneratedChoice } from "../../engine/fold-generation.ts";
import type { GenerateEvent } from "../../engine/generation.ts";
import type { AnswerStyle } from "./answer-style.ts";
import { TRAITS } from "./dialect-traits.ts";
import { countCharacters, type PromptEvent } from "./write-logprobs.ts";

type RawOutput = NonNullable<ChatCompletion["choices"][number]["raw_output"]>;
type Told = Pick<GeneratedChoice, "text" | "tokenIds" | "prompt">;

/** What is remembered of one choice of a stream, for what its later chunks say. */
export class ChoiceRecord implements Told {
  hasBegun = false;
  /** Of what was said of it so far. */
  characters = 0;
  text = "";
  readonly tokenIds: number[] = [];
  prompt: PromptEvent | undefined;

  note({ text, tokenIds = [] }: Extract<GenerateEvent, { type: "text-delta" }>): void {
    this.text += text;
    this.characters += countCharacters(text);
    this.tokenIds.push(...tokenIds);
  }

  /** What the choice's text begins with although the model did not write it. */
  skip(text: string): void {
    this.characters += countCharacters(text);
  }
}

/** FW `raw_output`: what went in and what came out. The prompt comes in one piece. */
export function writeRawOutput({ text, tokenIds, prompt }: Told): RawOutput {
  return {
    prompt_fragments: prompt === undefined ? [] : [prompt.text],
    prompt_token_ids: [...(prompt?.tokenIds ?? [])],
    completion: text,
    completion_token_ids: [...tokenIds],
  };
}

/** The seed that a choice was made with, where the request named one. */
export function seedOf(choice: number, { dialect, seed, choicesPerPrompt }: AnswerStyle): number | undefined {
  return seed === undefined || !TRAITS[dialect].tellsPromptAndSeed ? undefined : seed + (choice % choicesPerPrompt);
}
