import type { Command } from "commander";
import { positiveInteger, temperature } from "./option-values.ts";
import { examples, type Finish } from "./shared-options.ts";

export interface ChatOptions {
  readonly url?: string;
  readonly system?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
}

export function addChatCommand(program: Command, finish: Finish): void {
  program
    .command("chat")
    .description("Talk to a model. With a question, or text on stdin, answer once and end.")
    .argument("[model]", "id or alias (default: one that is loaded)")
    .argument("[question]", "what to ask; without it you are asked for questions")
    .option("--system <text>", "instructions that stand before the conversation")
    .option("--temperature <number>", "0 for the likeliest words, up to 2 for odd ones", temperature)
    .option("--max-tokens <number>", "most tokens of one answer", positiveInteger)
    .option("--url <url>", "base URL of a platform elsewhere; the key for it in BONFIRE_API_KEY")
    .addHelpText("after", ABOUT_CHAT)
    .action(async (model: string | undefined, question: string | undefined, options: ChatOptions) =>
      finish(await (await import("../chat/chat.ts")).chat({ model, question, options })),
    );
}

const ABOUT_CHAT = `
Ctrl-C stops an answer; at an empty prompt a second one, or Ctrl-D, ends the program.
In the conversation: /reset forgets it, /model NAME changes the model, /help, /exit.
${examples("chat", 'chat smollm2 "What is a bonfire?"', 'git diff | @ chat qwen3:8b --system "Write a commit message."')}`;
