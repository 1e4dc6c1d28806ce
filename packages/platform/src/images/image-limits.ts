const MEBIBYTE = 1024 * 1024;

/** Bounds of what clients send, before anything is made smaller. */
export interface ImageLimits {
  /** One image as a file. */
  readonly imageBytes: number;
  /** All images of one request as files. */
  readonly requestBytes: number;
  readonly imagesPerRequest: number;
  /** Width × height of one image. */
  readonly pixels: number;
}

export const IMAGE_LIMITS: ImageLimits = {
  imageBytes: 20 * MEBIBYTE,
  requestBytes: 50 * MEBIBYTE,
  imagesPerRequest: 20,
  // A phone with a sensor of 48 megapixels; four bytes each while one is read.
  pixels: 50_000_000,
};

/** @returns as people write it: `20 MiB`, `3 bytes`. */
export function formatBytes(bytes: number): string {
  return bytes < MEBIBYTE ? `${bytes} bytes` : `${Math.floor((bytes / MEBIBYTE) * 10) / 10} MiB`;
}
