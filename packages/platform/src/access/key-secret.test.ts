import { describe, expect, it } from "vitest";
import { readSecret } from "./credentials.ts";
import { faultOfChosenSecret, hashKeySecret, newKeySecret, shownPrefix } from "./key-secret.ts";

describe("a new secret", () => {
  it("is bf- and 43 digits in base62, and never the same", () => {
    const secrets = Array.from({ length: 100 }, newKeySecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) expect(secret).toMatch(/^bf-[0-9A-Za-z]{43}$/);
  });

  it("shows too little of itself in lists to guess the rest", () => {
    expect(shownPrefix(newKeySecret())).toHaveLength(9);
  });

  it("is stored as SHA-256", () => {
    expect(hashKeySecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("a chosen secret", () => {
  it.each([
    ["is too short", "short", /at least 20 characters/],
    ["has a space", "a secret with spaces in it", /printable ASCII/],
    ["has a character that no header can hold", "schlüssel-mit-umlaut-und-mehr", /printable ASCII/],
  ])("is refused when it %s", (_, secret, fault) => {
    expect(faultOfChosenSecret(secret)).toMatch(fault);
  });

  it("is fine otherwise", () => {
    expect(faultOfChosenSecret("sk-0123456789abcdef0123")).toBeUndefined();
  });
});

describe("readSecret", () => {
  it.each([
    ["a bearer token", { authorization: "Bearer abc" }, "abc"],
    ["a bearer token with spaces, as some SDKs' test keys have", { authorization: "Bearer My API Key" }, "My API Key"],
    ["any case of the scheme", { authorization: "bearer abc" }, "abc"],
    ["Anthropic's header", { "x-api-key": "abc" }, "abc"],
    ["no header", {}, undefined],
    ["an empty token", { authorization: "Bearer " }, undefined],
  ])("reads %s", (_, headers, secret) => {
    expect(readSecret(headers)).toBe(secret);
  });
});
