import { PLACES, SETTING_PATHS, SETTINGS } from "./settings.ts";

/** The reference page of all settings, as Markdown; `npm run settings` writes it to docs/settings.md. */
export function renderSettingsReference(): string {
  return `# Settings

A setting stands in \`bonfire.yaml\`, or in an environment variable, which wins. An empty variable counts as unset. A value that cannot be used, and
a name that does not exist, end the start with the place and what would be right. \`npx --no bonfire config print\` shows every value and where it
comes from; \`npx --no bonfire config set server.port 9000\` writes one.

\`bonfire.yaml\` is looked for in the home. Names with dots are nested, or written with the dots:

\`\`\`yaml
server:
  port: 9000
  cors_origins: ["https://app.example.com"]
models:
  preload: [smollm2]
  keep_alive: 30m
\`\`\`

Durations are a number and \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`; sizes a number and \`MB\`, \`GB\`, \`MiB\`, \`GiB\` and so on. In a variable, the entries of a list are
separated by commas, and \`none\` is the empty list.

${table([
  ["setting", "variable", "meaning"],
  ...SETTING_PATHS.map((path) => [`\`${path}\``, `\`${SETTINGS[path].env}\``, SETTINGS[path].about]),
])}

Where things are is said by variables alone, since commands must find the same home as the platform:

${table([["variable", "meaning"], ...Object.entries(PLACES).map(([name, about]) => [`\`${name}\``, about])])}

Commands that talk to a platform elsewhere (\`--url\`) read \`BONFIRE_ADMIN_KEY\`. Secrets are never printed; a file that holds one should be readable by
its owner alone.
`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
