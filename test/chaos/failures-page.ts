import type { CaseSection, ChaosCase, Expected } from "./chaos-case.ts";

const HEAD = `# When an upstream fails

What a client gets, and what stands in the ledger, when the server behind a model misbehaves. Each row was tried, streamed and as a whole, with one deployment
and with a healthy one behind it: a test runs a server on raw sockets that does what the first column says, and compares this page with what came back. After
each of them the next request to the same deployment worked.

- **The client gets** it where nobody else can answer. Where a route has another deployment, and the last column says yes, that one's answer is all that the
  client sees; \`x-bonfire-attempts\` tells that it was not the first.
- **In the ledger** each attempt has its row, with this outcome and error code.
- **Another one is asked** unless the route says otherwise ([routing.md](routing.md#when-something-fails)). A stream that has shown content cannot be taken over by
  somebody else: it ends with an error, without a finish reason and without \`[DONE]\`. An answer that is given as a whole shows nothing before its end, so another
  one is asked at any time.

In the middle of a stream the error is its last event: \`data: {"error": …}\` for chat and text completions, \`event: error\` for messages, \`response.failed\` for
responses. What the codes mean: [errors.md](errors.md).
`;

const FOOT = `## Clients that hang up

A client that closes its connection, \`DELETE /v1/responses/{id}\` and \`POST /v1/responses/{id}/cancel\` close the connection to the upstream at once: before its
headers, before its first content and in the middle of its answer, streamed or not. The ledger says \`cancelled\`, with what was produced until then.

## Lists of models

An upstream whose own list is broken, never comes or never ends (15 s, 64 MiB) keeps the list that it had, and the models of its definition work all the same;
\`bonfire upstreams list\` says what is wrong with the list.
`;

const COLUMNS = ["the upstream", "the client gets", "in the ledger", "another one is asked"];

export function renderFailuresPage(sections: readonly CaseSection[]): string {
  const tables = sections.map(({ title, cases }) => `## ${title}\n\n${renderTable([COLUMNS, ...cases.map(cellsOf)])}\n`);
  return [HEAD, ...tables, FOOT].join("\n");
}

function cellsOf({ does, gets }: ChaosCase): readonly string[] {
  return [does, clientGets(gets), inLedger(gets), isAskedElsewhere(gets)];
}

function clientGets(gets: Expected): string {
  if (gets.kind === "answer") return gets.note === undefined ? "the answer" : `the answer; ${gets.note}`;
  if (gets.kind === "break") return `the error \`${gets.code}\` in a stream, else ${gets.status}`;
  const { status, code, retryAfter, param } = gets;
  const more = [...(retryAfter === undefined ? [] : ["`retry-after`"]), ...(param === undefined ? [] : [`param \`${param}\``])];
  return [`${status} \`${code}\``, ...more].join(", ");
}

function inLedger(gets: Expected): string {
  if (gets.kind !== "answer") return `failed, \`${gets.ledger}\``;
  return [...(gets.after ?? []).map((kind) => `failed, \`${kind}\``), "succeeded"].join("; ");
}

function isAskedElsewhere(gets: Expected): string {
  if (gets.kind === "answer") return "";
  if (gets.kind === "break") return "unless streamed";
  return gets.elsewhere ? "yes" : "no";
}

function renderTable([header = [], ...body]: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(...[header, ...body].map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}
