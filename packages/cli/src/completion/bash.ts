import { allCommands, type Candidates, type CommandNode } from "./command-tree.ts";

/** A script for bash 3.2 and newer, which macOS has. */
export function bashCompletion(tree: CommandNode): string {
  const commands = allCommands(tree);
  const withValue = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) => (value === undefined ? [] : flags.map((flag) => ({ at: `${path} ${flag}`, value })))),
  );
  const withArguments = commands.flatMap(({ path, arguments: positions }) =>
    positions.map((values, position) => ({ at: `${path} ${position}`, values })),
  );
  return `# Completion of ${tree.name} for bash.
_${tree.name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} at="" before="" word index position=0 words=""
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "$at/$word" in
      ${pattern(commands.slice(1).map(({ path }) => path))}) at="$at/$word" position=0 before="" ;;
      *)
        case "$at $before" in
          ${pattern(withValue.map(({ at }) => at))}) before="" ;;
          *) [[ $word == -* ]] || position=$((position + 1)); before=$word ;;
        esac
        ;;
    esac
  done
  COMPREPLY=()
  case "$at $before" in
${withValue.map(({ at, value }) => `    "${at}") ${reply(value)} ;;`).join("\n")}
  esac
  if [[ $current == -* ]]; then
    case "$at" in
${commands.map(({ path, options }) => `      "${path}") words="${options.flatMap(({ flags }) => flags).join(" ")}" ;;`).join("\n")}
    esac
  else
    case "$at" in
${commands
  .filter(({ commands }) => commands.length > 0)
  .map(({ path, commands }) => `      "${path}") words="${commands.map(({ name }) => name).join(" ")}" ;;`)
  .join("\n")}
    esac
    case "$at $position" in
${withArguments
  .filter(({ values }) => values.length > 0)
  .map(({ at, values }) => `      "${at}") ${values === "files" ? reply(values) : `words="${values.join(" ")}"`} ;;`)
  .join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${tree.name} ${tree.name}
`;
}

/** Ends the function with these candidates. */
function reply(values: Candidates): string {
  const generator = values === "files" ? "-f" : `-W "${values.join(" ")}"`;
  return `COMPREPLY=($(compgen ${generator} -- "$current")); return`;
}

function pattern(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(" | ");
}
