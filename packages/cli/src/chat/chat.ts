import { text as textOf } from "node:stream/consumers";
import type { ChatOptions } from "../commands/chat-command.ts";
import { CliError, EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { PlatformConnection } from "../platform-connection.ts";
import { paintFor, remark } from "../terminal-text.ts";
import { streamAnswer } from "./answer.ts";
import { chooseModel } from "./choose-model.ts";
import { messagesFor, newConversation } from "./conversation.ts";
import { converse } from "./converse.ts";

interface Chat {
  readonly model: string | undefined;
  readonly question: string | undefined;
  readonly options: ChatOptions;
}

/** Answers one question, or holds a conversation where a person sits at the terminal. @returns the exit code */
export async function chat({ model, question, options }: Chat): Promise<number> {
  const platform = new PlatformConnection(options, "inference");
  try {
    const asked = question ?? (process.stdin.isTTY === true ? undefined : await textOf(process.stdin));
    if (asked !== undefined && asked.trim() === "") throw new CliError("There is no question: give one, or text on stdin.", EXIT.usage);
    const chosen = model ?? (await chooseModel(platform));
    if (asked !== undefined) return await answerOnce(platform, { model: chosen, question: asked, options });
    await converse({ platform, model: chosen, options, input: process.stdin, output: process.stdout, paint: paintFor(process.stdout) });
    return EXIT.ok;
  } finally {
    await platform.close();
  }
}

async function answerOnce(platform: PlatformConnection, { model, question, options }: Chat & { model: string; question: string }) {
  const { stdout } = process;
  const messages = messagesFor(newConversation(options.system), question);
  const ask = async (signal: AbortSignal) => {
    const answer = await streamAnswer(
      platform,
      { model, messages, options, signal },
      { write: (text) => stdout.write(text), paint: paintFor(stdout), showReasoning: stdout.isTTY === true },
    );
    if (answer.text !== "" && !answer.text.endsWith("\n")) stdout.write("\n");
    if (answer.failure !== undefined) throw answer.failure;
    if (answer.finishReason === "length") remark("The answer was cut at its token limit.");
  };
  await untilInterrupted(ask, "Stopped.");
  return EXIT.ok;
}
