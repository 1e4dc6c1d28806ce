/** Shorter parts, such as `Bearer`, tell nothing, and would be found in any text. */
const FEWEST_CHARACTERS = 8;
const HIDDEN = "[key]";

/**
 * What the other side says, without what the call was signed with: servers quote headers, and their words go into logs and, of a client's mistakes, to
 * clients. @param signature the headers that signed it
 */
export function hideSignature(text: string, signature: Readonly<Record<string, string>>): string {
  let hidden = text;
  for (const part of Object.values(signature).flatMap((value) => value.split(/[\s,]+/))) {
    if (part.length < FEWEST_CHARACTERS) continue;
    // In JSON some write slashes with a backslash before them.
    hidden = hidden.replaceAll(part, HIDDEN).replaceAll(part.replaceAll("/", "\\/"), HIDDEN);
  }
  return hidden;
}
