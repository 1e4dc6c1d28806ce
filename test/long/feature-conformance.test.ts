import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Call } from "../features/api-calls.ts";
import { type PageSection, renderConformancePage } from "../features/conformance-page.ts";
import type { Cells, FeatureRow } from "../features/feature-row.ts";
import { type ApiName, ProbedApi } from "../features/probed-api.ts";
import { ANSWER_ROWS } from "../features/rows-answers.ts";
import { FORMAT_ROWS } from "../features/rows-formats.ts";
import { REASONING_ROWS } from "../features/rows-reasoning.ts";
import { REQUEST_ROWS } from "../features/rows-requests.ts";
import { SAMPLING_ROWS } from "../features/rows-sampling.ts";
import { STATE_ROWS } from "../features/rows-state.ts";
import { TOKEN_ROWS } from "../features/rows-tokens.ts";
import { TOOL_ROWS } from "../features/rows-tools.ts";
import { connectToSharedPlatform } from "../shared-platform.ts";

const { call } = await connectToSharedPlatform();

const PAGE = new URL("../../docs/conformance.md", import.meta.url);
/** Set to 1, the page is written anew instead of compared. */
const WRITES_PAGE = process.env.BONFIRE_WRITE_DOCS === "1";

const SECTIONS = [
  { title: "Answers and streams", rows: ANSWER_ROWS },
  { title: "Sampling", rows: SAMPLING_ROWS },
  { title: "Tools", rows: TOOL_ROWS },
  { title: "Structured outputs", rows: FORMAT_ROWS },
  { title: "Tokens and the prompt", rows: TOKEN_ROWS },
  { title: "Reasoning and images", rows: REASONING_ROWS },
  { title: "Requests and errors", rows: REQUEST_ROWS },
  { title: "State", rows: STATE_ROWS },
] as const satisfies readonly { title: string; rows: readonly FeatureRow[] }[];

const tried = new Map<FeatureRow, Promise<Cells>>();

/** Once for all tests. @throws when an API does not do what is expected of it, and says which. */
function tryOnce(row: FeatureRow): Promise<Cells> {
  const known = tried.get(row) ?? tryRow(row, call);
  tried.set(row, known);
  return known;
}

async function tryRow({ cells }: FeatureRow, call: Call): Promise<Cells> {
  const cell = async (name: ApiName): Promise<string> => {
    const probe = cells[name];
    if (typeof probe === "string") return probe;
    try {
      return (await probe(new ProbedApi(name, call))) ?? "✓";
    } catch (cause) {
      throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  };
  // One after the other: what the engine holds of a prompt serves the next API too.
  return {
    openai: await cell("openai"),
    together: await cell("together"),
    fireworks: await cell("fireworks"),
    completions: await cell("completions"),
    responses: await cell("responses"),
    messages: await cell("messages"),
  };
}

describe.each(SECTIONS)("$title:", ({ rows }) => {
  it.each(rows)("$feature", async (row) => {
    await tryOnce(row);
  });
});

it("docs/conformance.md says what was found; BONFIRE_WRITE_DOCS=1 writes it", async () => {
  const sections: PageSection[] = [];
  for (const { title, rows } of SECTIONS) {
    const found: PageSection["rows"][number][] = [];
    for (const row of rows) found.push({ feature: row.feature, cells: await tryOnce(row) });
    sections.push({ title, rows: found });
  }
  const page = renderConformancePage(sections);
  if (WRITES_PAGE) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, "utf8")).toBe(page);
});
