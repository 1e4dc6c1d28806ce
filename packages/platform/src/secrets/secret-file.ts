import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../processes/error-code.ts";
import { withPathLock } from "../processes/path-lock.ts";
import { replacePrivateFile } from "../processes/private-file.ts";
import type { RootSecret, RootSecretList } from "./root-secrets.ts";
import { SecretError } from "./secret-error.ts";

const ROOT_SECRET_BYTES = 32;
const READABLE_BY_OTHERS = 0o077;

/** Where a home keeps its root secrets: one on each line, the current one first. */
function secretFilePath(home: string): string {
  return join(home, "secret");
}

/** @returns none where there is no file. @throws SecretError `exposed` where others may read it */
export function readSecretFile(home: string): readonly RootSecret[] {
  const path = secretFilePath(home);
  return (
    readPrivate(path)
      ?.split("\n")
      .filter((line) => line !== "")
      .map((value) => ({ value, source: path })) ?? []
  );
}

/** Makes a root secret where the home has none. */
export async function ensureSecretFile(home: string): Promise<void> {
  await change(home, (present) => (present.length === 0 ? [newRootSecret()] : present));
}

/** A new current root secret; those before it go on opening what they sealed, until `dropPrevious`. */
export async function rotateSecretFile(home: string): Promise<void> {
  await change(home, (present) => [newRootSecret(), ...present]);
}

/** Forgets all but the current root secret: only once everything is sealed under that one. */
export async function dropPrevious(home: string): Promise<void> {
  await change(home, (present) => present.slice(0, 1));
}

/** @throws SecretError where there is none, or it can be read by others */
export function requireSecretFile(home: string): RootSecretList {
  const [current, ...previous] = readSecretFile(home);
  if (current !== undefined) return [current, ...previous];
  throw new SecretError(
    "unknown-root",
    `The root secret ${secretFilePath(home)} is gone. Put it back: what it sealed opens with nothing else.`,
  );
}

/** Processes of one home change the file one after the other. */
async function change(home: string, next: (present: readonly string[]) => readonly string[]): Promise<void> {
  const path = secretFilePath(home);
  await withPathLock(`${path}.lock`, async () => {
    const present = readSecretFile(home).map(({ value }) => value);
    const wanted = next(present);
    if (wanted.length !== present.length) await replacePrivateFile(path, `${wanted.join("\n")}\n`);
  });
}

function newRootSecret(): string {
  return randomBytes(ROOT_SECRET_BYTES).toString("base64url");
}

function readPrivate(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    // Windows keeps rights elsewhere, and tells the same mode for all files.
    if (process.platform !== "win32" && (fstatSync(file).mode & READABLE_BY_OTHERS) !== 0) {
      throw new SecretError("exposed", `The root secret ${path} can be read by others. Change it, or at least: chmod 600 ${path}`);
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
