import { expect, it } from "vitest";
import { hideSignature } from "./hide-signature.ts";

it.each([
  ["a key", "no such key: sk-1234567", { authorization: "Bearer sk-1234567" }, "no such key: [key]"],
  ["a whole header", "got 'Bearer sk-1234567'", { authorization: "Bearer sk-1234567" }, "got 'Bearer [key]'"],
  ["a key in a header of its own, twice", "0123456789, 0123456789", { "x-api-key": "0123456789" }, "[key], [key]"],
  ["a key with escaped slashes", '{"message":"wrong: ab\\/cd\\/ef=="}', { "api-key": "ab/cd/ef==" }, '{"message":"wrong: [key]"}'],
  ["a key with unescaped ones", "wrong: ab/cd/ef==", { "api-key": "ab/cd/ef==" }, "wrong: [key]"],
  [
    "a signature of AWS",
    "was Signature=0a1b2c3d4e",
    { authorization: "AWS4-HMAC-SHA256 Credential=AKID/1/x, Signature=0a1b2c3d4e" },
    "was [key]",
  ],
  ["nothing else", "The Bearer was refused.", { authorization: "Bearer sk-1234567" }, "The Bearer was refused."],
])("%s is taken out of what a server says", (_, text, signature, hidden) => {
  expect(hideSignature(text, signature)).toBe(hidden);
});
