import { writeFile } from "node:fs/promises";

/**
 * Writes a vision projector (GGUF v3, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): a CLIP vision transformer of two layers with a
 * LLaVA "mlp" projector, random weights from a fixed seed. It knows nothing of pictures, but llama.cpp loads it beside any model whose embedding
 * length is given, and each picture becomes four tokens.
 */
export async function writeTinyProjector(path: string, textEmbedding: number): Promise<void> {
  const random = randomNumbers(1);
  const weights = (length: number) => Float32Array.from({ length }, () => (random() - 0.5) * 0.2);
  const constant = (length: number, value: number) => new Float32Array(length).fill(value);
  const tensors: Tensor[] = [];
  /** @param shape innermost dimension first, as GGUF has it */
  const add = (name: string, shape: readonly number[], data: Float32Array) => tensors.push({ name, shape, data });
  const addWeights = (name: string, shape: readonly number[]) =>
    add(name, shape, weights(shape.reduce((product, size) => product * size, 1)));
  const addNorm = (name: string) => {
    add(`${name}.weight`, [WIDTH], constant(WIDTH, 1));
    add(`${name}.bias`, [WIDTH], constant(WIDTH, 0));
  };

  addWeights("v.class_embd", [WIDTH]);
  addWeights("v.patch_embd.weight", [PATCH, PATCH, 3, WIDTH]);
  addWeights("v.position_embd.weight", [WIDTH, (IMAGE / PATCH) ** 2 + 1]);
  for (const name of ["v.pre_ln", "v.post_ln"]) addNorm(name);
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const name of ["attn_q", "attn_k", "attn_v", "attn_out"]) {
      addWeights(`v.blk.${layer}.${name}.weight`, [WIDTH, WIDTH]);
      addWeights(`v.blk.${layer}.${name}.bias`, [WIDTH]);
    }
    for (const name of ["ln1", "ln2"]) addNorm(`v.blk.${layer}.${name}`);
    addWeights(`v.blk.${layer}.ffn_up.weight`, [WIDTH, 2 * WIDTH]);
    addWeights(`v.blk.${layer}.ffn_up.bias`, [2 * WIDTH]);
    addWeights(`v.blk.${layer}.ffn_down.weight`, [2 * WIDTH, WIDTH]);
    addWeights(`v.blk.${layer}.ffn_down.bias`, [WIDTH]);
  }
  addWeights("mm.0.weight", [WIDTH, textEmbedding]);
  addWeights("mm.0.bias", [textEmbedding]);
  addWeights("mm.2.weight", [textEmbedding, textEmbedding]);
  addWeights("mm.2.bias", [textEmbedding]);

  await writeFile(path, writeGguf(metadata(textEmbedding), tensors));
}

const WIDTH = 32;
const LAYERS = 2;
const IMAGE = 32;
const PATCH = 16;
const ALIGNMENT = 32;

/** GGUF's numbers for the types of values. */
const TYPE = { uint32: 4, float32: 6, bool: 7, string: 8, array: 9 } as const;

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function metadata(textEmbedding: number): readonly Buffer[] {
  const entry = (key: string, type: number, value: Buffer) => Buffer.concat([text(key), uint32(type), value]);
  const number = (key: string, value: number) => entry(key, TYPE.uint32, uint32(value));
  const statistics = Buffer.concat([uint32(TYPE.float32), uint64(3), ...[0.5, 0.5, 0.5].map(float32)]);
  return [
    entry("general.architecture", TYPE.string, text("clip")),
    entry("general.type", TYPE.string, text("mmproj")),
    number("general.file_type", 0),
    entry("clip.has_vision_encoder", TYPE.bool, Buffer.from([1])),
    entry("clip.projector_type", TYPE.string, text("mlp")),
    entry("clip.use_gelu", TYPE.bool, Buffer.from([1])),
    number("clip.vision.image_size", IMAGE),
    number("clip.vision.patch_size", PATCH),
    number("clip.vision.embedding_length", WIDTH),
    number("clip.vision.feed_forward_length", 2 * WIDTH),
    number("clip.vision.projection_dim", textEmbedding),
    number("clip.vision.block_count", LAYERS),
    number("clip.vision.attention.head_count", 2),
    entry("clip.vision.attention.layer_norm_epsilon", TYPE.float32, float32(1e-5)),
    entry("clip.vision.image_mean", TYPE.array, statistics),
    entry("clip.vision.image_std", TYPE.array, statistics),
  ];
}

function writeGguf(entries: readonly Buffer[], tensors: readonly Tensor[]): Buffer {
  let offset = 0;
  const infos = tensors.map(({ name, shape, data }) => {
    const info = Buffer.concat([text(name), uint32(shape.length), ...shape.map(uint64), uint32(0), uint64(offset)]);
    offset += aligned(data.byteLength);
    return info;
  });
  const head = Buffer.concat([Buffer.from("GGUF"), uint32(3), uint64(tensors.length), uint64(entries.length), ...entries, ...infos]);
  return Buffer.concat([padded(head), ...tensors.map(({ data }) => padded(Buffer.from(data.buffer)))]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function text(value: string): Buffer {
  return Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

/** Mulberry32: numbers from 0 to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
