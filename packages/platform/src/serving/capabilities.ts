import { ApiError } from "@bonfire/protocol/errors";
import type { GenerateRequest } from "../engine/generation.ts";
import type { ServedModel } from "./served-model.ts";

/** @throws ApiError that names the model where no deployment of it can take such a request. */
export function requireCapabilities(
  { id, chat, vision }: Pick<ServedModel, "id" | "chat" | "vision">,
  requests: readonly Pick<GenerateRequest, "prompt">[],
): void {
  for (const { prompt } of requests) {
    if (prompt.kind !== "chat") continue;
    if (!chat)
      throw new ApiError("invalid_value", `${id} is a base model without a chat template; use /v1/completions.`, { param: "model" });
    const picture = vision ? undefined : findPicture(prompt);
    if (picture !== undefined) {
      throw new ApiError("invalid_value", `${id} does not take images; send text only, or name a model that sees.`, {
        param: picture.param,
      });
    }
  }
}

function findPicture({ messages }: Extract<GenerateRequest["prompt"], { kind: "chat" }>) {
  for (const { content } of messages) {
    if (typeof content === "string") continue;
    const picture = content.find((part) => part.kind === "image");
    if (picture?.kind === "image") return picture;
  }
  return undefined;
}
