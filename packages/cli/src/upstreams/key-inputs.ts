import { text as textOf } from "node:stream/consumers";
import { type UpstreamKeyInput, upstreamKeyInput } from "@bonfire/protocol/upstreams";
import { CliError, EXIT } from "../exit.ts";

export interface KeySources {
  /** Variables, each as `VARIABLE` or, with a name for the key, `NAME=VARIABLE`. */
  readonly keyFromEnv?: readonly string[];
  readonly keyStdin?: boolean;
}

/** Keys from where no process list and no history shows them; undefined where none is given. @throws CliError, never with a key */
export async function readKeys({ keyFromEnv = [], keyStdin = false }: KeySources): Promise<readonly UpstreamKeyInput[] | undefined> {
  if (keyStdin) return [keyOf("stdin", { value: await textOf(process.stdin) })];
  if (keyFromEnv.length === 0) return undefined;
  const keys = keyFromEnv.map((source) => {
    const [variable = "", name] = source.split("=", 2).reverse();
    const value = process.env[variable];
    if (value === undefined || value.trim() === "") throw new CliError(`The variable ${variable} is not set.`, EXIT.usage);
    return keyOf(`the variable ${variable}`, name === undefined ? { value } : { name, value });
  });
  const repeated = keys.find(({ name }, index) => keys.findIndex((other) => other.name === name) !== index);
  if (repeated !== undefined) {
    throw new CliError(`Two keys are named ${repeated.name}: name them, as in --key-from-env first=VARIABLE.`, EXIT.usage);
  }
  return keys;
}

function keyOf(where: string, { name, value }: { readonly name?: string; readonly value: string }): UpstreamKeyInput {
  const key = upstreamKeyInput.safeParse({ ...(name === undefined ? {} : { name }), value });
  if (key.success) return key.data;
  const [issue] = key.error.issues;
  const what = issue?.path[0] === "name" ? "name" : "key";
  throw new CliError(`The ${what} from ${where} cannot be used: expected ${issue?.message ?? "another one"}.`, EXIT.usage, key.error);
}
