import { allCommands, type Candidates, type CommandNode } from "./command-tree.ts";

/** A script for zsh, to be sourced after compinit or to lie in a folder of `$fpath` as `_bonfire`. */
export function zshCompletion(tree: CommandNode): string {
  const commands = allCommands(tree);
  const withValue = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) => (value === undefined ? [] : flags.map((flag) => ({ at: `${path} ${flag}`, value })))),
  );
  const withArguments = commands.flatMap(({ path, arguments: positions }) =>
    positions.map((values, position) => ({ at: `${path} ${position}`, values })),
  );
  return `#compdef ${tree.name}
# Completion of ${tree.name} for zsh.
_${tree.name}() {
  local at="" before="" word
  local -i index position=0
  local -a candidates
  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    case "$at/$word" in
      ${pattern(commands.slice(1).map(({ path }) => path))}) at="$at/$word" position=0 before="" ;;
      *)
        case "$at $before" in
          ${pattern(withValue.map(({ at }) => at))}) before="" ;;
          *) [[ $word == -* ]] || position+=1; before=$word ;;
        esac
        ;;
    esac
  done
  case "$at $before" in
${withValue.map(({ at, value }) => `    '${at}') ${offer(value)}; return ;;`).join("\n")}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    case "$at" in
${commands
  .map(
    ({ path, options }) =>
      `      '${path}') candidates=(${options.flatMap(({ flags, about }) => flags.map((flag) => described(flag, about))).join(" ")}) ;;`,
  )
  .join("\n")}
    esac
    _describe -o option candidates
    return
  fi
  case "$at" in
${commands
  .filter(({ commands }) => commands.length > 0)
  .map(({ path, commands }) => `    '${path}') candidates=(${commands.map(({ name, about }) => described(name, about)).join(" ")}) ;;`)
  .join("\n")}
  esac
  (( $#candidates )) && _describe command candidates
  case "$at $position" in
${withArguments
  .filter(({ values }) => values.length > 0)
  .map(({ at, values }) => `    '${at}') ${offer(values)} ;;`)
  .join("\n")}
  esac
}
if [[ $funcstack[1] == _${tree.name} ]]; then _${tree.name} "$@"; else compdef _${tree.name} ${tree.name}; fi
`;
}

function offer(values: Candidates): string {
  return values === "files" ? "_files" : values.length === 0 ? ":" : `compadd -- ${values.join(" ")}`;
}

function described(name: string, about: string): string {
  return `'${name}:${about.replaceAll("'", "'\\''")}'`;
}

function pattern(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" | ");
}
