import { createInterface } from "node:readline";
import { CliError, EXIT } from "./exit.ts";

/** Where a person is asked. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

export const STANDARD_TERMINAL: Terminal = { input: process.stdin, output: process.stderr };

/** Asks for a yes; everything else is a no. @throws CliError with code 130 at Ctrl-C or Ctrl-D */
export function confirmed(question: string, { input, output }: Terminal): Promise<boolean> {
  const readline = createInterface({ input, output });
  return new Promise((resolve, reject) => {
    readline.once("close", () => reject(new CliError("\nNothing was changed.", EXIT.interrupted)));
    readline.question(`${question} [y/N] `, (answer) => {
      resolve(/^y(?:es)?$/i.test(answer.trim()));
      readline.close();
    });
  });
}
