import { describe, expect, it } from "vitest";
import { readInferencePath } from "./base-path.ts";

describe("readInferencePath", () => {
  it.each([
    ["/v1/chat/completions", undefined],
    ["/chat/completions", undefined],
    ["/v1/v1/chat/completions", undefined],
    ["/v1//chat/completions", undefined],
    ["//v1/chat/completions", undefined],
    ["/openai/v1/chat/completions", "openai"],
    ["/api/v1/chat/completions", undefined],
    ["/inference/v1/chat/completions", "fireworks"],
    ["/inference/v1/v1/chat/completions", "fireworks"],
    ["/fireworks/v1/chat/completions", "fireworks"],
    ["/together/v1/chat/completions", "together"],
    ["/together/chat/completions", "together"],
  ])("reads %s as chat completions of %s", (url, dialect) => {
    expect(readInferencePath(url)).toEqual({ url: "/v1/chat/completions", dialect });
  });

  it("keeps what follows the resource, slashes of model ids and the query included", () => {
    expect(readInferencePath("/models/org/name%2Fx?limit=2&a=/v1")?.url).toBe("/v1/models/org/name%2Fx?limit=2&a=/v1");
  });

  it.each(["/admin/v1/models", "/health", "/", "/v1", "/v2/chat/completions", "/v1/v1/v1/v1/v1/chat/completions", "/unknown"])(
    "leaves %s alone",
    (url) => {
      expect(readInferencePath(url)).toBeUndefined();
    },
  );
});
