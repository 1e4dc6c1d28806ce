import { MARKS, type PeerRow } from "./peer-rows.ts";
import { PEER_TITLES, type PeerName } from "./peers.ts";

const HEAD = `# Other gateways and servers as upstreams

What of a model's abilities comes through when Bonfire asks it by way of another program. Each cell was tried: the tests send these requests to a platform
whose upstream is the program of that column. Behind all of them stands llama.cpp's server with a small model. llama.cpp is asked with the profile \`llamacpp\`
and with \`generic\`, another Bonfire with \`bonfire\`, and the two gateways, each in front of llama.cpp, with \`generic\`.
`;

const LEGEND: readonly (readonly [string, string])[] = [
  [MARKS.yes, "as on this platform's own engine"],
  [MARKS.ignored, "it answers as though that had not been asked, or said"],
  [MARKS.refused, "it answers 400, and the client is told its words"],
  [MARKS.broken, "its answer is not whole, and the client gets 502 instead of a part of it"],
  [MARKS.none, "it has nothing of the kind"],
];

const PEERS: readonly PeerName[] = ["llamacpp", "generic", "bonfire", "portkey", "litellm"];

const NOTES = `What follows from it:

- llama.cpp's server drops tools in silence where the model's template has no place for them, and answers under any name. The embedded engine is the same
  server, with both taken care of.
- Portkey does not notice that its caller has left: what nobody reads is computed, and paid for, to its end. It hands on OpenAI's fields alone.
- LiteLLM loses the end of all choices but one; Bonfire tells its client that rather than pass on an answer that is not whole. It asks a server three times that
  answers 429, and keeps that server's \`Retry-After\` to itself. Its list says no lengths: where routes are to pass over it for long prompts, say
  \`context_length\` in the upstream's \`models\`.

Portkey is told by headers where it is to ask, so it is as many upstreams as it has servers behind it:

\`\`\`yaml
upstreams:
  - name: by-portkey
    base_url: http://10.0.0.8:8787/v1
    headers: { x-portkey-provider: openai, x-portkey-custom-host: "http://10.0.0.7:8080/v1" }
    keys:
      - value: \${LLAMA_API_KEY}
  - name: by-litellm
    base_url: http://10.0.0.9:4000/v1
    keys:
      - value: \${LITELLM_KEY}
    models:
      - id: qwen3
        context_length: 40960
\`\`\`
`;

/** The page that says what was found. */
export function renderPeersPage(rows: readonly PeerRow[]): string {
  const table = [
    ["", ...PEERS.map((name) => PEER_TITLES[name])],
    ...rows.map(({ feature, cells }) => [feature, ...PEERS.map((name) => cells[name])]),
  ];
  return [HEAD, `${renderTable([["mark", "means"], ...LEGEND])}\n`, `${renderTable(table)}\n`, NOTES].join("\n");
}

function renderTable([header = [], ...body]: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(...[header, ...body].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}
