/** How closely the model should look; `auto` is `high`. */
export type ImageDetail = "auto" | "low" | "high";

/** In pixels, whole numbers from 1. */
interface ImageSize {
  readonly width: number;
  readonly height: number;
}

const LOW_SIDE = 512;
const HIGH_LONG_SIDE = 2_048;
const HIGH_SHORT_SIDE = 768;

/**
 * The size that a model gets to see: `low` fits into 512 × 512; `high` fits into 2048 × 2048 and has at most 768 at its shorter side. The
 * proportions stay, and nothing is ever made larger. Source: OpenAI's vision guide, "Calculating costs".
 */
export function fitImage({ width, height }: ImageSize, detail: ImageDetail): ImageSize {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  const scale = detail === "low" ? Math.min(1, LOW_SIDE / long) : Math.min(1, HIGH_LONG_SIDE / long, HIGH_SHORT_SIDE / short);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
