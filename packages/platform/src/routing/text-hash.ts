/** Where FNV-1a begins. */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a's step for one UTF-16 code unit. @returns what `finishHash` makes a hash of. */
export function hashStep(hash: number, codeUnit: number): number {
  return Math.imul(hash ^ codeUnit, PRIME);
}

/** Spreads every bit over all 32, as MurmurHash3 does at its end. */
export function finishHash(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The same number on every machine, from 0 up to 2^32. Not for secrets: it can be inverted. */
export function hashText(text: string, seed: number = OFFSET): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = hashStep(hash, text.charCodeAt(index));
  return finishHash(hash);
}
