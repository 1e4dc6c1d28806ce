import { styleText } from "node:util";

type Format = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
/** Colours a text, or leaves it as it is. */
export type Paint = (format: Format, text: string) => string;

export const plain: Paint = (_, text) => text;

const paint: Paint = (format, text) => styleText(format, text, { validateStream: false });

/** Colours only where a person looks, and not for one who said no (no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  return stream.isTTY === true && !process.env.NO_COLOR ? paint : plain;
}

/** All control characters but tab and line feed: what comes from models and hubs must not steer the terminal. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/** A text from elsewhere, safe to show. */
export function printable(text: string): string {
  return text.replace(CONTROL, "");
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Remarks for the person; what programs read goes to stdout alone. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns as wide as their widest cell, two spaces between them. Colours count for nothing. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
const COLOUR = /\u001B\[\d+m/g;

function widthOf(cell: string): number {
  return cell.replace(COLOUR, "").length;
}
