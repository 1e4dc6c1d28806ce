type Value = string | number | boolean | readonly string[] | readonly number[];

const STRING = 8;
const UINT32 = 4;
const BOOLEAN = 7;
const LIST = 9;
const TENSOR_BYTES = 64;

/** A GGUF file (version 3) with this metadata and one tensor of 16 weights; numbers become `uint32`. */
export function tinyGguf(metadata: Readonly<Record<string, Value>>, tensor: Buffer = Buffer.alloc(TENSOR_BYTES)): Buffer {
  const entries = Object.entries(metadata);
  const header = Buffer.concat([
    Buffer.from("GGUF"),
    uint32(3),
    uint64(1),
    uint64(entries.length),
    ...entries.flatMap(([key, value]) => [text(key), typed(value)]),
    ...[text("token_embd.weight"), uint32(1), uint64(16), uint32(0), uint64(0)],
  ]);
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), tensor]);
}

/** A model that chats: two layers, two KV heads of eight. */
export function tinyModel(more: Readonly<Record<string, Value>> = {}, tensor?: Buffer): Buffer {
  return tinyGguf(
    {
      "general.architecture": "llama",
      "general.license": "apache-2.0",
      "llama.block_count": 2,
      "llama.context_length": 512,
      "llama.embedding_length": 32,
      "llama.attention.head_count": 4,
      "llama.attention.head_count_kv": 2,
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.tokens": ["a", "b", "c"],
      "tokenizer.chat_template": "{% for message in messages %}{{ message.content }}{% endfor %}",
      ...more,
    },
    tensor,
  );
}

function typed(value: Value): Buffer {
  if (typeof value === "string") return Buffer.concat([uint32(STRING), text(value)]);
  if (typeof value === "number") return Buffer.concat([uint32(UINT32), uint32(value)]);
  if (typeof value === "boolean") return Buffer.concat([uint32(BOOLEAN), Buffer.from([value ? 1 : 0])]);
  const items = value.map((item) => (typeof item === "string" ? text(item) : uint32(item)));
  return Buffer.concat([uint32(LIST), uint32(typeof value[0] === "string" ? STRING : UINT32), uint64(value.length), ...items]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
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
