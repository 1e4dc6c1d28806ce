import { allCommands, type CommandNode, type OptionNode } from "./command-tree.ts";

/** A script for fish. */
export function fishCompletion(tree: CommandNode): string {
  const commands = allCommands(tree);
  const withValue = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) => (value === undefined ? [] : flags.map((flag) => `${path} ${flag}`))),
  );
  const line = (path: string, rest: string, position = "") =>
    `complete -c ${tree.name} -n "__${tree.name}_at '${path}'${position}" ${rest}`;
  return `# Completion of ${tree.name} for fish.
function __${tree.name}_at
    set -l at ""
    set -l before ""
    set -l position 0
    for word in (commandline -opc)[2..]
        if contains -- "$at/$word" ${words(commands.slice(1).map(({ path }) => path))}
            set at "$at/$word"
            set before ""
            set position 0
        else if contains -- "$at $before" ${words(withValue)}
            set before ""
        else
            string match -q -- '-*' "$word"; or set position (math $position + 1)
            set before "$word"
        end
    end
    test "$at" = "$argv[1]"; and test -z "$argv[2]" -o "$position" = "$argv[2]"
end
complete -c ${tree.name} -f
${commands
  .flatMap(({ path, commands, options, arguments: positions }) => [
    ...commands.map(({ name, about }) => line(path, `-a ${name} -d ${quoted(about)}`)),
    ...options.map((option) => line(path, optionLine(option))),
    ...positions.flatMap((values, position) =>
      values.length === 0 ? [] : [line(path, values === "files" ? "-F" : `-a ${quoted(values.join(" "))}`, ` ${position}`)],
    ),
  ])
  .join("\n")}
`;
}

function optionLine({ flags, about, value }: OptionNode): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const values =
    value === undefined ? [] : value === "files" ? ["-r -F"] : value.length === 0 ? ["-x"] : [`-x -a ${quoted(value.join(" "))}`];
  return [...names, ...values, `-d ${quoted(about)}`].join(" ");
}

function words(list: readonly string[]): string {
  return list.map(quoted).join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
