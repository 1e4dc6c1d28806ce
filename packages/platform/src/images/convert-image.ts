import type { SharpConstructor, SharpOptions } from "sharp";
import { ImageError } from "./image-error.ts";
import { FORMAT_NAMES, isKnownFormat } from "./image-formats.ts";
import { fitImage, type ImageDetail } from "./image-size.ts";

/** An image as every engine takes it: upright, opaque, sRGB, one frame, no metadata. */
export interface LoadedImage {
  readonly mediaType: "image/png" | "image/jpeg";
  readonly base64: string;
  readonly width: number;
  readonly height: number;
}

/** One image in good time; one that takes longer was made to. */
const TIMEOUT_SECONDS = 10;
/** Up to so many pixels (256 × 256) PNG costs little; icons and text stay sharp. */
const SMALL_PIXELS = 65_536;
/** Without halving the colours' resolution, which blurs coloured text. */
const JPEG = { quality: 90, chromaSubsampling: "4:4:4" } as const;

let sharpLibrary: Promise<SharpConstructor> | undefined;

/** Loaded with the first image: who sends text alone does not pay for it. */
function loadSharp(): Promise<SharpConstructor> {
  sharpLibrary ??= import("sharp").then(({ default: sharp }) => {
    // The threads of one conversion; how many run at once is the caller's decision.
    sharp.concurrency(1);
    // No image is read twice, and one caller's pixels should not outlast the request.
    sharp.cache(false);
    return sharp;
  });
  return sharpLibrary;
}

/**
 * Decodes the first frame of a PNG, JPEG, WebP or GIF file, turns it upright, makes it as small as the detail asks for and encodes it again: PNG
 * where it is small, else JPEG. What can be seen through lies on white, as on a page: engines drop the alpha channel, and black writing on
 * nothing would become black on black.
 * The same file gives the same bytes. @throws ImageError
 */
export async function convertImage(file: Buffer, detail: ImageDetail, maxPixels: number): Promise<LoadedImage> {
  if (!isKnownFormat(file)) throw new ImageError("unreadable", `This is not an image that can be read: send ${FORMAT_NAMES}.`);
  const sharp = await loadSharp();
  const options: SharpOptions = { limitInputPixels: maxPixels, failOn: "error", animated: false };
  try {
    const { autoOrient: original } = await sharp(file, { ...options, limitInputPixels: false }).metadata();
    if (original.width * original.height > maxPixels) {
      throw new ImageError("too-large", `The image has ${original.width} × ${original.height} pixels; ${maxPixels} are allowed.`);
    }
    const { width, height } = fitImage(original, detail);
    const { data, info } = await sharp(file, options)
      .autoOrient()
      .resize(width, height, { fit: "fill" })
      .toColourspace("srgb")
      .flatten({ background: "white" })
      .raw()
      .timeout({ seconds: TIMEOUT_SECONDS })
      .toBuffer({ resolveWithObject: true });
    const pixels = sharp(data, { raw: { width, height, channels: info.channels } });
    const isSmall = width * height <= SMALL_PIXELS;
    const encoded = await (isSmall ? pixels.png() : pixels.jpeg(JPEG)).toBuffer();
    return { mediaType: isSmall ? "image/png" : "image/jpeg", base64: encoded.toString("base64"), width, height };
  } catch (cause) {
    if (cause instanceof ImageError) throw cause;
    throw new ImageError("unreadable", "This is not an image that can be read: it is damaged, or cut off.", { cause });
  }
}
