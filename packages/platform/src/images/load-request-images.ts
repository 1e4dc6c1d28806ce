import { ApiError } from "@bonfire/protocol/errors";
import type { ChatMessage, ContentPart, GenerateRequest } from "../engine/generation.ts";
import { ImageError } from "./image-error.ts";
import type { ImageLoader } from "./image-loader.ts";

type ImagePart = Extract<ContentPart, { kind: "image" }>;

const RETRY_AFTER_SECONDS = 5;

/**
 * Puts its bytes in the place of every image that is given by URL; requests without any come back as they are.
 *
 * @throws ApiError that names the field of the image at fault, or the reason of the signal.
 */
export async function loadRequestImages<Request extends Pick<GenerateRequest, "prompt">>(
  loader: Pick<ImageLoader, "loadAll">,
  requests: readonly Request[],
  signal: AbortSignal,
): Promise<readonly Request[]> {
  const parts = requests.flatMap(({ prompt }) => (prompt.kind === "chat" ? prompt.messages.flatMap(imagePartsOf) : []));
  const sent = parts.flatMap((part) => {
    const { source, param } = part;
    return source.kind === "url" ? [{ part, param, image: { source: source.url, detail: source.detail } }] : [];
  });
  if (sent.length === 0) return requests;

  const images = sent.map(({ image }) => image);
  const loaded = await loader.loadAll(images, signal).catch((error: unknown) => {
    throw error instanceof ImageError ? toApiError(error, sent[error.index ?? 0]?.param) : error;
  });
  const bytes = new Map(sent.map(({ part }, index) => [part, loaded[index]]));
  const fill = (part: ContentPart): ContentPart => {
    const image = part.kind === "image" ? bytes.get(part) : undefined;
    if (part.kind !== "image" || image === undefined) return part;
    return { ...part, source: { kind: "bytes", mediaType: image.mediaType, base64: image.base64 } };
  };
  return requests.map((request) => {
    if (request.prompt.kind !== "chat") return request;
    return { ...request, prompt: { ...request.prompt, messages: request.prompt.messages.map((message) => fillMessage(message, fill)) } };
  });
}

function imagePartsOf({ content }: ChatMessage): ImagePart[] {
  return typeof content === "string" ? [] : content.filter((part) => part.kind === "image");
}

function fillMessage(message: ChatMessage, fill: (part: ContentPart) => ContentPart): ChatMessage {
  return message.role === "user" && typeof message.content !== "string" ? { ...message, content: message.content.map(fill) } : message;
}

function toApiError(error: ImageError, param: string | undefined): ApiError {
  const where = { ...(param === undefined ? {} : { param }), cause: error };
  return error.reason === "overloaded"
    ? new ApiError("overloaded", error.message, { ...where, retryAfterSeconds: RETRY_AFTER_SECONDS })
    : new ApiError("invalid_value", error.message, where);
}
