import type { GuardedFetch } from "../egress/guarded-fetch.ts";
import { FetchRefusedError } from "../egress/guarded-fetch-error.ts";
import { BoundedQueue } from "./bounded-queue.ts";
import { ByteBudget } from "./byte-budget.ts";
import { convertImage, type LoadedImage } from "./convert-image.ts";
import { isDataUrl, readDataUrl } from "./data-url.ts";
import { ImageError } from "./image-error.ts";
import { FORMAT_NAMES, IMAGE_MEDIA_TYPES } from "./image-formats.ts";
import { formatBytes, type ImageLimits } from "./image-limits.ts";
import type { ImageDetail } from "./image-size.ts";

export interface SentImage {
  /** An https URL or a data URL. */
  readonly source: string;
  readonly detail: ImageDetail;
}

interface ImageLoaderOptions {
  /** Without one only data URLs are taken. */
  readonly fetch: GuardedFetch | undefined;
  readonly limits: ImageLimits;
}

/** Object stores that nobody told the type of a file; whether it is an image is decided by its bytes anyway. */
const UNTYPED = ["application/octet-stream", "binary/octet-stream"];

/** Conversions keep a core and up to some hundred megabytes busy each; the images of others wait, as text still. */
const CONVERSIONS = { running: 2, waiting: 256 };
/** A place is kept until the image is converted: so fetched files take at most 16 × 20 MiB of memory. */
const FETCHES = { running: 16, waiting: 256 };
/** So that one request with many images leaves room for others. */
const PARALLEL_PER_REQUEST = 4;

/** Makes of what clients send what engines take. */
export class ImageLoader {
  readonly #fetch: GuardedFetch | undefined;
  readonly #limits: ImageLimits;
  readonly #conversions = new BoundedQueue(CONVERSIONS);
  readonly #fetches = new BoundedQueue(FETCHES);

  constructor({ fetch, limits }: ImageLoaderOptions) {
    this.#fetch = fetch;
    this.#limits = limits;
  }

  /** @param source an https URL or a data URL. @throws ImageError, or the reason of the signal. */
  load(source: string, detail: ImageDetail, signal: AbortSignal): Promise<LoadedImage> {
    return this.#load({ source, detail }, new ByteBudget(this.#limits.requestBytes), signal);
  }

  /**
   * Loads all images of one request, some at a time; the first that fails ends the others.
   *
   * @returns them in the same order. @throws ImageError with the index of the image at fault, or the reason of the signal.
   */
  async loadAll(images: readonly SentImage[], signal: AbortSignal): Promise<readonly LoadedImage[]> {
    const { imagesPerRequest, requestBytes } = this.#limits;
    if (images.length > imagesPerRequest) {
      const message = `The request has ${images.length} images; ${imagesPerRequest} are allowed.`;
      throw new ImageError("too-many", message, { index: imagesPerRequest });
    }
    const budget = new ByteBudget(requestBytes);
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const loaded = new Map<number, LoadedImage>();
    const queue = images.entries();
    const worker = async (): Promise<void> => {
      for (const [index, image] of queue) {
        try {
          loaded.set(index, await this.#load(image, budget, either));
        } catch (error) {
          failed.abort();
          throw error instanceof ImageError ? new ImageError(error.reason, error.message, { index, cause: error.cause }) : error;
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_PER_REQUEST }, worker));
    return images.flatMap((_, index) => loaded.get(index) ?? []);
  }

  #load({ source, detail }: SentImage, budget: ByteBudget, signal: AbortSignal): Promise<LoadedImage> {
    const convert = (read: () => Buffer): Promise<LoadedImage> =>
      this.#conversions.run(async () => convertImage(read(), detail, this.#limits.pixels), signal);
    // Decoded only when it is its turn.
    if (isDataUrl(source)) return convert(() => this.#readDataUrl(source, budget));
    return this.#fetches.run(async () => {
      const file = await this.#fetchFile(source, budget, signal);
      return convert(() => file);
    }, signal);
  }

  #readDataUrl(source: string, budget: ByteBudget): Buffer {
    const file = readDataUrl(source, this.#limits.imageBytes);
    budget.spend(file.length);
    return file;
  }

  async #fetchFile(source: string, budget: ByteBudget, signal: AbortSignal): Promise<Buffer> {
    if (this.#fetch === undefined) {
      throw new ImageError("remote-forbidden", "Images by URL are not allowed here: send them as data URLs (data:image/png;base64,…).");
    }
    const { imageBytes } = this.#limits;
    const maxBytes = Math.min(imageBytes, budget.left);
    try {
      const { bytes } = await this.#fetch.fetch(source, { mediaTypes: [...IMAGE_MEDIA_TYPES, ...UNTYPED], maxBytes, signal });
      budget.spend(bytes.length);
      return bytes;
    } catch (error) {
      if (!(error instanceof FetchRefusedError)) throw error;
      if (error.reason === "size" && maxBytes < imageBytes) throw budget.exceeded(error);
      throw toImageError(error, imageBytes);
    }
  }
}

function toImageError(refused: FetchRefusedError, imageBytes: number): ImageError {
  const cause = refused;
  switch (refused.reason) {
    case "scheme":
      return new ImageError("source", `An image must be an https:// URL or a data URL (data:image/png;base64,…). ${refused.message}`, {
        cause,
      });
    case "type":
      return new ImageError("media-type", `The image cannot be used: send ${FORMAT_NAMES}. ${refused.message}`, { cause });
    case "size":
      return new ImageError("too-large", `The image has more than ${formatBytes(imageBytes)}.`, { cause });
    default:
      return new ImageError("unfetchable", `The image cannot be fetched. ${refused.message}`, { cause });
  }
}
