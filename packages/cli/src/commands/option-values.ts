import { InvalidArgumentError } from "commander";

export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1 || !/^\d+$/.test(text))
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return number;
}

/** Of a model's sampling, as the API takes it. */
export function temperature(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !(number >= 0 && number <= 2)) throw new InvalidArgumentError("It must be a number from 0 to 2.");
  return number;
}

/** For options that may be given more than once. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
