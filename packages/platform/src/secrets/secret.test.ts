import { format, inspect } from "node:util";
import pino from "pino";
import { expect, it } from "vitest";
import { Secret } from "./secret.ts";

const secret = new Secret("sk-canary");

it.each<[string, () => string]>([
  ["String", () => String(secret)],
  ["a template", () => `${secret}`],
  ["joining", () => ["a", secret].join()],
  ["JSON", () => JSON.stringify({ nested: [secret] })],
  ["inspect", () => inspect({ nested: { secret } }, { depth: 9, showHidden: true })],
  ["format", () => format("%s %o %O %j", secret, secret, secret, secret)],
  ["an error's message", () => new Error(`refused: ${secret}`).message],
])("%s shows that it is a secret, and no more", (_name, show) => {
  expect(show()).toContain("[secret]");
  expect(show()).not.toContain("canary");
});

it("stays out of logs", () => {
  const lines: string[] = [];
  pino({}, { write: (line: string) => void lines.push(line) }).error({ secret, err: new Error("no", { cause: secret }) }, "failed");
  expect(lines.join()).toContain("[secret]");
  expect(lines.join()).not.toContain("canary");
});

it("is given to whoever asks for it by name", () => {
  expect(secret.reveal()).toBe("sk-canary");
});
