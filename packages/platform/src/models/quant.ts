/** A quantization's name inside a file name: `Q4_K_M`, `UD-Q4_K_XL`, `IQ4_XS`, `MXFP4`, `BF16`. */
const LABEL = /(?<![A-Z0-9])(UD-)?(I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32)(?![A-Z0-9])/g;

/**
 * What is taken when nobody asks for a quantization: first what four bits do best, then what loses little, then what is small, and whole
 * weights last. `MXFP4` stands high because the models that have it were trained in it.
 */
const PREFERENCE: readonly string[] = [
  ...["Q4_K_M", "MXFP4", "MXFP4_MOE", "UD-Q4_K_XL", "Q4_K_L", "Q4_K_S", "Q5_K_M", "Q5_K_S", "Q4_1", "Q4_0", "IQ4_NL", "IQ4_XS"],
  ...["Q6_K", "Q8_0", "Q5_1", "Q5_0", "Q3_K_L", "Q3_K_M", "IQ3_M", "Q3_K_S", "IQ3_XS", "IQ3_XXS", "Q2_K", "IQ2_M"],
  ...["BF16", "F16", "F32"],
];

/** The quantization that a text names, in upper case; the last one where it names several. */
export function quantIn(text: string): string | undefined {
  const label = [...text.toUpperCase().matchAll(LABEL)].at(-1)?.[0];
  return label?.replace(/^FP(16|32)$/, "F$1");
}

/** Whether a whole text is one quantization's name. */
export function isQuant(text: string): boolean {
  return quantIn(text) === text.toUpperCase() || /^fp(16|32)$/i.test(text);
}

/** Sorts before what is less wanted; names that nobody ranked come last, by the alphabet. */
export function compareQuants(a: string, b: string): number {
  return rank(a) - rank(b) || a.localeCompare(b);
}

function rank(quant: string): number {
  const place = PREFERENCE.indexOf(quant);
  return place === -1 ? PREFERENCE.length : place;
}
