import type { Argument, Command, Option } from "commander";

/** What may stand somewhere: some known words, a file, or something that cannot be guessed. */
export type Candidates = readonly string[] | "files";

export interface OptionNode {
  /** Such as `-n` and `--lines`. */
  readonly flags: readonly string[];
  readonly about: string;
  /** Undefined where the option takes no value. */
  readonly value: Candidates | undefined;
}

/** A command as a shell needs to know it. */
export interface CommandNode {
  /** Such as `/models/list`; empty for the program itself. */
  readonly path: string;
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionNode[];
  /** By position. */
  readonly arguments: readonly Candidates[];
  readonly commands: readonly CommandNode[];
}

/** Values of the first arguments of commands that their declarations do not list, by path. */
export type FurtherValues = Readonly<Record<string, readonly string[]>>;

/** The tree of a program's commands as declared. */
export function commandTree(command: Command, values: FurtherValues, parentPath: string | undefined = undefined): CommandNode {
  const path = parentPath === undefined ? "" : `${parentPath}/${command.name()}`;
  const help = command.createHelp();
  return {
    path,
    name: command.name(),
    about: command.description(),
    options: help.visibleOptions(command).map(optionNode),
    arguments: command.registeredArguments.map(
      (argument, position) => (position === 0 ? values[path] : undefined) ?? candidatesOf(argument),
    ),
    commands: command.commands.map((child) => commandTree(child, values, path)),
  };
}

/** The node and all below it. */
export function allCommands(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(allCommands)];
}

function optionNode(option: Option): OptionNode {
  const { short, long, description, required, optional } = option;
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    about: description,
    value: required || optional ? candidatesOf(option) : undefined,
  };
}

/** A value that is called `<file>` is one. */
function candidatesOf(declared: Option | Argument): Candidates {
  const called = "flags" in declared ? declared.flags : `<${declared.name()}>`;
  return called.includes("<file>") ? "files" : (declared.argChoices ?? []);
}
