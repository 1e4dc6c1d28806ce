import { type Conversation, newConversation } from "./conversation.ts";

export interface ChatState {
  readonly model: string;
  readonly conversation: Conversation;
}

/** What a command does: to the state, to the screen, to the program. */
interface Outcome {
  readonly state: ChatState;
  readonly say?: string;
  readonly ends?: true;
}

interface SlashCommand {
  readonly usage: string;
  readonly about: string;
  readonly run: (state: ChatState, argument: string) => Outcome;
}

const COMMANDS: Readonly<Record<string, SlashCommand>> = {
  reset: {
    usage: "/reset",
    about: "forget the conversation",
    run: (state) => ({
      state: { ...state, conversation: newConversation(state.conversation.system) },
      say: "The conversation is forgotten.",
    }),
  },
  model: {
    usage: "/model [NAME]",
    about: "show the model, or go on with another one",
    run: (state, name) =>
      name === ""
        ? { state, say: `The model is ${state.model}.` }
        : { state: { ...state, model: name }, say: `From now on ${name} answers.` },
  },
  help: { usage: "/help", about: "show this", run: (state) => ({ state, say: help() }) },
  exit: { usage: "/exit", about: "end (as Ctrl-D does)", run: (state) => ({ state, ends: true }) },
};

/** @returns undefined for what is no command but something to say; a path such as /etc/hosts is none. */
export function runSlashCommand(line: string, state: ChatState): Outcome | undefined {
  const [, name, argument = ""] = /^\/(\w+)(?: +(.*))?$/.exec(line.trim()) ?? [];
  if (name === undefined) return undefined;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return command?.run(state, argument.trim()) ?? { state, say: `There is no /${name}; /help shows what there is.` };
}

function help(): string {
  const width = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));
  const lines = Object.values(COMMANDS).map(({ usage, about }) => `  ${usage.padEnd(width)}  ${about}`);
  return [...lines, "A line that ends with \\ goes on in the next one. Ctrl-C stops an answer."].join("\n");
}
