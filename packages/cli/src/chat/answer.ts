import { type ChatCompletionRequest, chatCompletionChunk } from "@bonfire/protocol/chat-completions";
import type { ChatOptions } from "../commands/chat-command.ts";
import type { PlatformConnection } from "../platform-connection.ts";
import { type Paint, printable } from "../terminal-text.ts";

export interface Question {
  readonly model: string;
  readonly messages: ChatCompletionRequest["messages"];
  readonly options: Pick<ChatOptions, "temperature" | "maxTokens">;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly text: string;
  /** Why there is no more of it; undefined when it broke off or was stopped. */
  readonly finishReason: string | undefined;
  /** What broke it off, or the signal's reason. */
  readonly failure: unknown;
}

interface AnswerOutput {
  readonly write: (text: string) => void;
  readonly paint: Paint;
  /** Thoughts are for people who watch, not for programs that read. */
  readonly showReasoning: boolean;
}

/** Asks, and writes the answer as it comes. What has come stays also when the rest does not. */
export async function streamAnswer(platform: PlatformConnection, question: Question, output: AnswerOutput): Promise<Answer> {
  let text = "";
  let finishReason: string | undefined;
  let thinking = false;
  try {
    for await (const { choices } of chunks(platform, question)) {
      const [choice] = choices;
      const { content, reasoning_content: reasoning } = choice?.delta ?? {};
      if (reasoning && output.showReasoning) {
        thinking = true;
        output.write(output.paint("dim", printable(reasoning)));
      }
      if (content) {
        if (thinking) output.write("\n\n");
        thinking = false;
        text += content;
        output.write(printable(content));
      }
      finishReason = choice?.finish_reason ?? finishReason;
    }
    return { text, finishReason, failure: undefined };
  } catch (failure) {
    return { text, finishReason: undefined, failure };
  }
}

function chunks(platform: PlatformConnection, { model, messages, options, signal }: Question) {
  const { temperature, maxTokens } = options;
  const body = {
    model,
    messages,
    stream: true,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_completion_tokens: maxTokens }),
  };
  return platform.events({ method: "POST", path: "/v1/chat/completions", body, event: chatCompletionChunk, signal });
}
