import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { convertImage, type LoadedImage } from "./convert-image.ts";
import type { ImageDetail } from "./image-size.ts";

const MAX_PIXELS = 4_000_000;
const RED = { r: 255, g: 0, b: 0 };
const BLUE = { r: 0, g: 0, b: 255 };

function plain(width: number, height: number, background: { r: number; g: number; b: number; alpha?: number } = RED): Sharp {
  return sharp({ create: { width, height, channels: background.alpha === undefined ? 3 : 4, background } });
}

/** Left half red, right half blue. */
function redAndBlue(width: number, height: number): Sharp {
  const right = { create: { width: width / 2, height, channels: 3, background: BLUE } } as const;
  return plain(width, height).composite([{ input: right, left: width / 2, top: 0 }]);
}

const convert = (file: Buffer, detail: ImageDetail = "high"): Promise<LoadedImage> => convertImage(file, detail, MAX_PIXELS);

const decode = ({ base64 }: LoadedImage): Sharp => sharp(Buffer.from(base64, "base64"));

/** Red, green, blue, each from 0 to 4: JPEG changes a little. */
async function colourAt(image: LoadedImage, left: number, top: number): Promise<number[]> {
  const pixel = await decode(image).extract({ left, top, width: 1, height: 1 }).raw().toBuffer();
  return [...pixel].map((value) => Math.round(value / 64));
}

const RED_SEEN = [4, 0, 0];
const BLUE_SEEN = [0, 0, 4];
const WHITE_SEEN = [4, 4, 4];

describe("an image is converted", () => {
  it.each(["png", "jpeg", "webp", "gif"] as const)("from %s to JPEG, in its size where it is small enough", async (format) => {
    const image = await convert(await redAndBlue(640, 480).toFormat(format).toBuffer());
    expect(image).toMatchObject({ mediaType: "image/jpeg", width: 640, height: 480 });
    expect(await decode(image).metadata()).toMatchObject({ format: "jpeg", width: 640, height: 480, chromaSubsampling: "4:4:4" });
    expect([await colourAt(image, 100, 100), await colourAt(image, 500, 100)]).toEqual([RED_SEEN, BLUE_SEEN]);
  });

  it("to the size that the detail asks for", async () => {
    const file = await plain(2_000, 1_500).png().toBuffer();
    expect(await convert(file, "high")).toMatchObject({ width: 1_024, height: 768 });
    expect(await convert(file, "auto")).toMatchObject({ width: 1_024, height: 768 });
    const low = await convert(file, "low");
    expect(low).toMatchObject({ width: 512, height: 384 });
    expect(await decode(low).metadata()).toMatchObject({ width: 512, height: 384 });
  });

  it("to PNG where it is small", async () => {
    const image = await convert(await redAndBlue(64, 32).jpeg({ quality: 100 }).toBuffer());
    expect(image).toMatchObject({ mediaType: "image/png", width: 64, height: 32 });
    expect(await decode(image).metadata()).toMatchObject({ format: "png" });
  });

  it.each([
    [64, "image/png"],
    [640, "image/jpeg"],
  ])("%i pixels wide, on white where something can be seen through", async (width, mediaType) => {
    const file = plain(width, width / 2, { r: 0, g: 0, b: 0, alpha: 0 });
    const image = await convert(await file.png().toBuffer());
    expect(image.mediaType).toBe(mediaType);
    expect(await colourAt(image, 1, 1)).toEqual(WHITE_SEEN);
  });

  it("upright, as its EXIF data say that it was taken", async () => {
    const onItsSide = await redAndBlue(640, 400).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const image = await convert(onItsSide);
    expect(image).toMatchObject({ width: 400, height: 640 });
    expect([await colourAt(image, 200, 100), await colourAt(image, 200, 540)]).toEqual([RED_SEEN, BLUE_SEEN]);
  });

  it("without anything that it told beside the picture", async () => {
    const file = await plain(640, 480)
      .withExif({ IFD0: { Copyright: "somebody" }, IFD3: { GPSLatitudeRef: "N" } })
      .withIccProfile("p3")
      .withXmp("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
      .jpeg()
      .toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ exif: expect.anything(), icc: expect.anything(), xmp: expect.anything() });
    const metadata = await decode(await convert(file)).metadata();
    expect([metadata.exif, metadata.icc, metadata.xmp, metadata.orientation]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it.each(["gif", "webp"] as const)("to the first of its frames (%s)", async (format) => {
    const frames = [await plain(300, 300, RED).png().toBuffer(), await plain(300, 300, BLUE).png().toBuffer()];
    const film = await sharp(frames, { join: { animated: true } })
      .toFormat(format)
      .toBuffer();
    expect(await sharp(film).metadata()).toMatchObject({ pages: 2 });
    const image = await convert(film);
    expect(image).toMatchObject({ width: 300, height: 300 });
    expect(await colourAt(image, 150, 150)).toEqual(RED_SEEN);
  });

  it.each([
    ["grey", plain(300, 300, { r: 255, g: 255, b: 255 }).toColourspace("b-w").png()],
    ["16 bits deep", plain(300, 300, { r: 255, g: 255, b: 255 }).toColourspace("rgb16").png()],
    ["for print", plain(300, 300, { r: 255, g: 255, b: 255 }).toColourspace("cmyk").jpeg({ quality: 100 })],
    ["with a palette", plain(300, 300, { r: 255, g: 255, b: 255 }).png({ palette: true })],
  ])("to ordinary colours where it is %s", async (_name, image) => {
    const converted = await convert(await image.toBuffer());
    expect(await decode(converted).metadata()).toMatchObject({ space: "srgb", depth: "uchar", channels: 3 });
    expect(await colourAt(converted, 10, 10)).toEqual(WHITE_SEEN);
  });

  it("to the same bytes every time, so that engines know it again", async () => {
    const file = await redAndBlue(1_000, 900).webp().toBuffer();
    expect(await convert(file)).toEqual(await convert(file));
  });

  it("down to lines of one pixel", async () => {
    expect(await convert(await plain(3_000, 1).png().toBuffer())).toMatchObject({ width: 2_048, height: 1 });
    expect(await convert(await plain(1, 1).png().toBuffer())).toMatchObject({ width: 1, height: 1 });
  });
});

describe("an image is refused", () => {
  it("that has too many pixels, with how many it has", async () => {
    const file = await plain(2_001, 2_000).png().toBuffer();
    await expect(convert(file)).rejects.toMatchObject({
      reason: "too-large",
      message: "The image has 2001 × 2000 pixels; 4000000 are allowed.",
    });
  });

  it("that only claims to be enormous, before it is decoded", async () => {
    const file = await plain(10, 10).png().toBuffer();
    // The header's chunk: length (8), name (12), width (16), height (20), …, checksum (29).
    file.writeUInt32BE(1_000_000, 16);
    file.writeUInt32BE(1_000_000, 20);
    file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
    await expect(convert(file)).rejects.toMatchObject({ reason: "too-large" });
  });

  it.each(["png", "jpeg", "webp", "gif"] as const)("that is cut off (%s)", async (format) => {
    const noise = {
      create: { width: 300, height: 300, channels: 3, background: RED, noise: { type: "gaussian", mean: 128, sigma: 60 } },
    } as const;
    const file = await sharp(noise).toFormat(format).toBuffer();
    await expect(convert(file.subarray(0, file.length / 2))).rejects.toMatchObject({ reason: "unreadable" });
    await expect(convert(file.subarray(0, 16))).rejects.toMatchObject({ reason: "unreadable" });
  });

  it.each([
    ["nothing", ""],
    ["text", "hello"],
    ["SVG", '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'],
    ["PDF", "%PDF-1.7"],
    ["RIFF that is not WebP", "RIFF\x00\x00\x00\x00WAVEfmt "],
  ])("that is %s, by a message that says what can be read", async (_name, content) => {
    await expect(convert(Buffer.from(content))).rejects.toMatchObject({
      reason: "unreadable",
      message: "This is not an image that can be read: send PNG, JPEG, WebP and GIF.",
    });
  });

  it.each(["tiff", "avif"] as const)("that is of a format which is not offered (%s), though it could be decoded", async (format) => {
    await expect(convert(await plain(64, 64).toFormat(format).toBuffer())).rejects.toMatchObject({ reason: "unreadable" });
  });
});
