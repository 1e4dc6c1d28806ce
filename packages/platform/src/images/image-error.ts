/**
 * source: neither an https URL nor a data URL; media-type: no format that is read; unreadable: broken, or no image; too-large: an image, or all
 * of a request together; too-many: images; unfetchable: a remote image did not arrive (the cause says why); remote-forbidden: the operator
 * allows data URLs only; overloaded: too many others are being read just now, the only one that is not the client's fault.
 */
export type ImageErrorReason =
  | "source"
  | "media-type"
  | "unreadable"
  | "too-large"
  | "too-many"
  | "unfetchable"
  | "remote-forbidden"
  | "overloaded";

interface ImageErrorDetails {
  /** Which of a request's images, from 0, where several were loaded. */
  readonly index?: number | undefined;
  readonly cause?: unknown;
}

/** An image that an engine will not get to see. The message is fit for the client who sent it. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly reason: ImageErrorReason;
  readonly index: number | undefined;

  constructor(reason: ImageErrorReason, message: string, { index, cause }: ImageErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.index = index;
  }
}
