import type { Argument, Command, Option } from "commander";

/** How a command is written down in the reference. */
interface ReferenceEntry {
  /** With its arguments: `bonfire keys create <name>`. */
  readonly usage: string;
  readonly about: string;
  /** Argument or option, and what it means; without those that all commands share that talk to a platform. */
  readonly rows: readonly (readonly [string, string])[];
}

const SHARED = ["--url", "--admin-key", "--json"];

/** Every command that can be run, in the order of the help. */
export function referenceEntries(command: Command, parents: readonly string[] = []): ReferenceEntry[] {
  const words = [...parents, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((child) => referenceEntries(child, words));
  const { registeredArguments, options } = command;
  const talksToPlatform = options.some(({ long }) => long === "--admin-key");
  const own = options.filter(({ long }) => !talksToPlatform || !SHARED.includes(long ?? ""));
  const names = registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
  return [
    {
      usage: [...words, ...names].join(" "),
      about: command.description(),
      rows: [
        ...registeredArguments.map((argument, index) => [names[index] ?? "", meaning(argument)] as const),
        ...own.map((option) => [option.flags, meaning(option)] as const),
      ],
    },
  ];
}

function meaning({ description, argChoices, defaultValue }: Argument | Option): string {
  const choices = argChoices === undefined ? "" : `: ${argChoices.join(", ")}`;
  const usual = defaultValue === undefined ? "" : ` (default: ${JSON.stringify(defaultValue).replaceAll('"', "")})`;
  return `${description}${choices}${usual}`;
}
