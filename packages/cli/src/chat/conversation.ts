import type { ChatCompletionRequest } from "@bonfire/protocol/chat-completions";

type Message = ChatCompletionRequest["messages"][number];

/** What has been said, without a question that is still to be answered. */
export interface Conversation {
  readonly system: string | undefined;
  readonly turns: readonly { readonly question: string; readonly answer: string }[];
}

export function newConversation(system: string | undefined): Conversation {
  return { system, turns: [] };
}

/** What the model gets to see when it is asked. */
export function messagesFor({ system, turns }: Conversation, question: string): Message[] {
  return [
    ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
    ...turns.flatMap((turn): Message[] => [
      { role: "user", content: turn.question },
      { role: "assistant", content: turn.answer },
    ]),
    { role: "user", content: question },
  ];
}

/** A question that got no answer at all is forgotten; one whose answer was stopped is kept with what was said, as the person saw it. */
export function withTurn(conversation: Conversation, question: string, answer: string): Conversation {
  return answer === "" ? conversation : { ...conversation, turns: [...conversation.turns, { question, answer }] };
}
