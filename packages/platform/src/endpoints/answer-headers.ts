import type { GenerateEvent } from "../engine/generation.ts";

type Start = Extract<GenerateEvent, { type: "start" }>;

/** Longer lists are cut: proxies refuse large headers. */
const MOST_CHARACTERS = 1_000;

/** Headers of an answer that a model gave: what the name resolved to, which fields had no effect, what of a format is not enforced. */
export function answerHeaders(modelId: string, ignored: readonly string[], start: Start | undefined): Record<string, string> {
  const withoutEffect = [...new Set([...ignored, ...(start?.ignored ?? [])])];
  const unenforced = start?.unenforced ?? [];
  return {
    "x-bonfire-model": headerText(modelId),
    ...(withoutEffect.length === 0 ? {} : { "x-bonfire-ignored": headerText(withoutEffect.join(", ")) }),
    ...(unenforced.length === 0 ? {} : { "x-bonfire-unenforced": headerText(unenforced.join(", ")) }),
  };
}

/** Names of fields and properties come from the client: what a header cannot hold is percent-encoded (RFC 3986). */
function headerText(text: string): string {
  return text
    .toWellFormed()
    .slice(0, MOST_CHARACTERS)
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character));
}
