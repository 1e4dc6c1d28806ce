import { ImageError } from "./image-error.ts";
import { FORMAT_NAMES, IMAGE_MEDIA_TYPES } from "./image-formats.ts";
import { formatBytes } from "./image-limits.ts";

/** RFC 2397, of which images need only this: a media type without parameters, in base64. */
const HEAD = /^data:([^;,\s]{1,100});base64,/i;
const EXAMPLE = "data:image/png;base64,iVBORw0…";

/** What of a data URL is needed to name its media type. */
const HEAD_LENGTH = 128;

export function isDataUrl(source: string): boolean {
  return /^data:/i.test(source);
}

/** @returns the file. Its size is known, and checked, before it is decoded. @throws ImageError `source`, `media-type`, `too-large`. */
export function readDataUrl(source: string, maxBytes: number): Buffer {
  const [head, mediaType] = HEAD.exec(source.slice(0, HEAD_LENGTH)) ?? [];
  if (head === undefined || mediaType === undefined) throw new ImageError("source", `A data URL must have this form: ${EXAMPLE}`);
  if (!IMAGE_MEDIA_TYPES.includes(mediaType.toLowerCase())) {
    throw new ImageError("media-type", `${mediaType} is not supported: send ${FORMAT_NAMES}.`);
  }
  const padding = source.endsWith("==") ? 2 : source.endsWith("=") ? 1 : 0;
  const size = ((source.length - head.length) / 4) * 3 - padding;
  if (size > maxBytes) throw new ImageError("too-large", `The image has more than ${formatBytes(maxBytes)}.`);
  const bytes = Buffer.from(source.slice(head.length), "base64");
  // Node skips what is not base64, and stops at the first padding.
  if (bytes.length !== size || size === 0) throw new ImageError("source", `The data URL's content is not base64 with padding: ${EXAMPLE}`);
  return bytes;
}
