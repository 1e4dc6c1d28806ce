import type { ChatOptions } from "../commands/chat-command.ts";
import type { PlatformConnection } from "../platform-connection.ts";
import type { Paint } from "../terminal-text.ts";
import { type Answer, streamAnswer } from "./answer.ts";
import { messagesFor, newConversation, withTurn } from "./conversation.ts";
import { QuestionPrompt } from "./question-prompt.ts";
import { type ChatState, runSlashCommand } from "./slash-commands.ts";

export interface ConverseOptions {
  readonly platform: PlatformConnection;
  readonly model: string;
  readonly options: ChatOptions;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly paint: Paint;
}

/** A conversation at a terminal, until the person ends it. Failures are told, and the next question may follow. */
export async function converse({ platform, model, options, input, output, paint }: ConverseOptions): Promise<void> {
  let state: ChatState = { model, conversation: newConversation(options.system) };
  const say = (text: string) => output.write(`${paint("dim", text)}\n`);
  const prompt = new QuestionPrompt({ input, output, paint });
  say(`Talking to ${model}. /help shows what else there is; Ctrl-D ends.`);

  for await (const question of prompt.questions()) {
    const outcome = runSlashCommand(question, state);
    if (outcome !== undefined) {
      state = outcome.state;
      if (outcome.say !== undefined) say(outcome.say);
      if (outcome.ends === true) break;
      continue;
    }
    const answer = await prompt.whileAnswering(async (signal) => {
      const waiting = waitingSign(output, paint);
      const { model, conversation } = state;
      return streamAnswer(
        platform,
        { model, messages: messagesFor(conversation, question), options, signal },
        { write: waiting.write, paint, showReasoning: true },
      ).finally(waiting.remove);
    });
    output.write("\n");
    state = { ...state, conversation: withTurn(state.conversation, question, answer.text) };
    const remark = remarkOn(answer);
    if (remark !== undefined) say(remark);
    output.write("\n");
  }
  prompt.close();
}

function remarkOn({ failure, finishReason, text }: Answer): string | undefined {
  if (failure !== undefined) return failure instanceof Error ? failure.message : String(failure);
  if (finishReason === "length") return "The answer was cut at its token limit.";
  return text === "" ? "The model said nothing." : undefined;
}

/** A sign of life until the first word: a model may have to be loaded first. */
function waitingSign(output: NodeJS.WriteStream, paint: Paint): { write: (text: string) => void; remove: () => void } {
  output.write(paint("dim", "…"));
  let shown = true;
  const remove = () => {
    if (shown) output.write("\r\u001B[K");
    shown = false;
  };
  return {
    remove,
    write: (text) => {
      remove();
      output.write(text);
    },
  };
}
