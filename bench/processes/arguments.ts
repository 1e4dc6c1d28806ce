/** Numbers with commas between them, each a whole number above 0. @throws Error that names the option. */
export function readNumbers(option: string, text: string): number[] {
  return text.split(",").map((part) => readNumber(option, part));
}

/** @throws Error that names the option. */
export function readNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} takes whole numbers above 0, not "${text}".`);
  return value;
}

/** Some of the known parts, or all where nothing was chosen. @throws Error that names the option and what it takes. */
export function readParts<Part extends string>(option: string, text: string | undefined, parts: readonly Part[]): ReadonlySet<Part> {
  if (text === undefined) return new Set(parts);
  const chosen = text.split(",").map((name) => {
    const part = parts.find((known) => known === name);
    if (part === undefined) throw new Error(`--${option} takes ${parts.join(", ")}, not "${name}".`);
    return part;
  });
  return new Set(chosen);
}
