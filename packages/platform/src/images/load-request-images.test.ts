import { describe, expect, it } from "vitest";
import type { ChatMessage, ContentPart, GenerateRequest } from "../engine/generation.ts";
import { ImageError, type ImageErrorReason } from "./image-error.ts";
import type { SentImage } from "./image-loader.ts";
import { loadRequestImages } from "./load-request-images.ts";

const never = new AbortController().signal;

/** Loads every URL as itself. */
const echo = {
  loadAll: async (images: readonly SentImage[]) =>
    images.map(({ source, detail }) => ({ mediaType: "image/png", base64: `${source} at ${detail}`, width: 1, height: 1 }) as const),
};

const broken = (reason: ImageErrorReason, index: number) => ({
  loadAll: () => Promise.reject(new ImageError(reason, "Not so.", { index })),
});

const url = (name: string, param = name): ContentPart => ({ kind: "image", source: { kind: "url", url: name, detail: "low" }, param });
const bytes = (base64: string, param = base64): ContentPart => ({
  kind: "image",
  source: { kind: "bytes", mediaType: "image/png", base64 },
  param,
});
const text: ContentPart = { kind: "text", text: "What is this?" };

function chat(...messages: ChatMessage[]): GenerateRequest {
  return { ...REQUEST, prompt: { kind: "chat", messages } };
}

const REQUEST: GenerateRequest = { prompt: { kind: "text", text: "" }, choices: 1, stop: [] };

describe("the images of a request", () => {
  it("are bytes afterwards, where they stood", async () => {
    const requests = [
      chat({ role: "system", content: "Look." }, { role: "user", content: [text, url("a"), url("b")] }),
      chat({ role: "user", content: [url("c"), text] }, { role: "assistant", content: "Nice." }, { role: "user", content: "And?" }),
    ];
    expect(await loadRequestImages(echo, requests, never)).toEqual([
      chat({ role: "system", content: "Look." }, { role: "user", content: [text, bytes("a at low", "a"), bytes("b at low", "b")] }),
      chat(
        { role: "user", content: [bytes("c at low", "c"), text] },
        { role: "assistant", content: "Nice." },
        { role: "user", content: "And?" },
      ),
    ]);
  });

  it("stay as they are where they are bytes already", async () => {
    const requests = [chat({ role: "user", content: [bytes("x"), url("a")] })];
    expect(await loadRequestImages(echo, requests, never)).toEqual([chat({ role: "user", content: [bytes("x"), bytes("a at low", "a")] })]);
  });

  it("may be none, and nobody is asked then", async () => {
    const requests = [chat({ role: "user", content: "Hello" }), { ...REQUEST, prompt: { kind: "text", text: "Once" } } as const];
    expect(await loadRequestImages(broken("source", 0), requests, never)).toBe(requests);
  });

  it.each(["source", "media-type", "unreadable", "too-large", "too-many", "unfetchable", "remote-forbidden"] as const)(
    "fail as the client's fault by the field of the one at fault (%s)",
    async (reason) => {
      const content = [text, bytes("x", "messages[0].content[1]"), url("a", "messages[0].content[2]"), url("b", "messages[0].content[3]")];
      await expect(loadRequestImages(broken(reason, 1), [chat({ role: "user", content })], never)).rejects.toMatchObject({
        code: "invalid_value",
        status: 400,
        param: "messages[0].content[3]",
        message: "Not so.",
      });
    },
  );

  it("are to be sent again later where too many others are being read", async () => {
    const loading = loadRequestImages(broken("overloaded", 0), [chat({ role: "user", content: [url("a")] })], never);
    await expect(loading).rejects.toMatchObject({ code: "overloaded", status: 503, headers: { "retry-after": "5" } });
  });

  it("end with the caller's own reason when the caller leaves", async () => {
    const left = { loadAll: () => Promise.reject(new Error("left")) };
    await expect(loadRequestImages(left, [chat({ role: "user", content: [url("a")] })], never)).rejects.toThrow("left");
  });
});
