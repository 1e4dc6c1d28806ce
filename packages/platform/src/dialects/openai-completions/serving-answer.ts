import type { Completion } from "@bonfire/protocol/completions";
import type { GeneratedChoice, Generation } from "../../engine/fold-generation.ts";
import type { AnswerHead } from "../openai-serving/answer-head.ts";
import type { AnswerStyle } from "../openai-serving/answer-style.ts";
import { seedOf, writeRawOutput } from "../openai-serving/choice-record.ts";
import { TRAITS } from "../openai-serving/dialect-traits.ts";
import { present } from "../openai-serving/generation-options.ts";
import { writePerfMetrics, writeUsage } from "../openai-serving/usage.ts";
import { writeEchoedPrompt, writeLogprobs, writePromptLogprobs } from "../openai-serving/write-logprobs.ts";

export function writeCompletion({ choices, usage }: Generation, head: AnswerHead, style: AnswerStyle): Completion {
  const traits = TRAITS[style.dialect];
  // The choices of one prompt share it.
  const prompts = choices.filter((_, index) => index % style.choicesPerPrompt === 0).flatMap(({ prompt }) => prompt ?? []);
  return {
    id: head.id,
    object: traits.completionObject.whole,
    created: head.created,
    model: head.model,
    ...(traits.tellsPromptAndSeed ? { prompt: style.echo ? prompts.map(writeEchoedPrompt) : [] } : {}),
    choices: choices.map((choice, index) => writeChoice(choice, index, style)),
    ...present("usage", writeUsage(usage)),
    ...(style.perfMetrics ? { perf_metrics: writePerfMetrics(usage, head) } : {}),
  };
}

function writeChoice(choice: GeneratedChoice, index: number, style: AnswerStyle): Completion["choices"][number] {
  // Where the dialect has no place of its own for the prompt, it is the beginning of the text.
  const prompt = style.echo && !TRAITS[style.dialect].tellsPromptAndSeed ? choice.prompt : undefined;
  return {
    text: (prompt?.text ?? "") + choice.text,
    index,
    logprobs: writeLogprobs([...(prompt?.logprobs ?? []), ...choice.logprobs], 0, style),
    ...(style.promptLogprobs && choice.prompt !== undefined ? { prompt_logprobs: writePromptLogprobs(choice.prompt) } : {}),
    finish_reason: choice.finishReason,
    ...present("seed", seedOf(index, style)),
    ...(style.tokenIds && choice.prompt?.tokenIds ? { prompt_token_ids: [...choice.prompt.tokenIds] } : {}),
    ...(style.tokenIds ? { token_ids: [...choice.tokenIds] } : {}),
    ...(style.rawOutput ? { raw_output: writeRawOutput(choice) } : {}),
  };
}
