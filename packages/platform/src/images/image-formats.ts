/** The formats that clients may send, by the names that media types have for them, and how their files begin. */
const FORMATS = {
  png: [{ at: 0, bytes: Buffer.from("\x89PNG\r\n\x1a\n", "latin1") }],
  jpeg: [{ at: 0, bytes: Buffer.from([0xff, 0xd8, 0xff]) }],
  webp: [
    { at: 0, bytes: Buffer.from("RIFF") },
    { at: 8, bytes: Buffer.from("WEBP") },
  ],
  gif: [{ at: 0, bytes: Buffer.from("GIF8") }],
} as const satisfies Record<string, readonly { readonly at: number; readonly bytes: Buffer }[]>;

/** `jpg` is no registered name, and much used. */
export const IMAGE_MEDIA_TYPES: readonly string[] = [...Object.keys(FORMATS), "jpg"].map((name) => `image/${name}`);

/** As error messages name them. */
export const FORMAT_NAMES = "PNG, JPEG, WebP and GIF";

/** Whether a file begins as one of the formats does, whatever it was called: nothing else may reach the decoders. */
export function isKnownFormat(file: Buffer): boolean {
  return Object.values(FORMATS).some((marks) => marks.every(({ at, bytes }) => file.subarray(at, at + bytes.length).equals(bytes)));
}
