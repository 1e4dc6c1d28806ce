import type { ChatCompletion } from "@bonfire/protocol/chat-completions";
import { type CatalogEntry, type InstalledModel, installedModel } from "@bonfire/protocol/installed-models";
import { type PlatformStatus, platformStatus } from "@bonfire/protocol/status";

/** Unix seconds. */
export const NOW = 1_700_000_000;

export function sampleModel(changes: Partial<InstalledModel> = {}): InstalledModel {
  return installedModel.parse({
    id: "HuggingFaceTB/SmolLM2-135M-Instruct",
    object: "installed_model",
    aliases: ["smollm2"],
    kind: "text",
    capabilities: ["chat", "completions"],
    source: "smollm2",
    size_bytes: 98_000_000,
    context_length: 8_192,
    licence: "Apache-2.0",
    installed_at: NOW - 86_400,
    pinned: true,
    state: "ready",
    state_since: NOW - 60,
    reason: null,
    replica: {
      slots: 4,
      context_length: 8_192,
      memory_bytes: 512 * 2 ** 20,
      gpu_memory_bytes: 0,
      gpu_layers: 0,
      running_requests: 1,
      restarts: 0,
      loaded_at: NOW - 60,
      last_used_at: NOW - 30,
    },
    ...changes,
  });
}

export const UNLOADED = sampleModel({ id: "Qwen/Qwen3-8B", aliases: ["qwen3:8b"], pinned: false, state: "unloaded", replica: null });

export const SAMPLE_CATALOG: readonly CatalogEntry[] = [
  {
    id: "google/gemma-3-27b-it",
    object: "catalog_model",
    aliases: ["gemma3:27b"],
    parameters: "27B",
    size_bytes: 17_000_000_000,
    context_length: 131_072,
    capabilities: ["chat"],
    licence: "Gemma",
    licence_url: "https://ai.google.dev/gemma/terms",
    licence_must_be_accepted: true,
    fits: false,
    installed: false,
  },
];

export function sampleStatus(changes: Partial<PlatformStatus> = {}): PlatformStatus {
  return platformStatus.parse({
    object: "status",
    version: "0.1.0",
    pid: 4_242,
    home: "/home/ada/.bonfire",
    base_url: "http://127.0.0.1:8080/v1",
    started_at: NOW - 7_500,
    running_requests: 1,
    database: { kind: "embedded", state: "up", since: null },
    ledger: { running_attempts: 1, waiting_rows: 0, write_ahead_bytes: 2_048 },
    memory: { budget_bytes: 8 * 2 ** 30, used_bytes: 512 * 2 ** 20, gpu_budget_bytes: 0, gpu_used_bytes: 0 },
    gpus: [],
    models: [sampleModel()],
    ...changes,
  });
}

/** A part of a streamed answer. */
export function chunk(
  delta: { content?: string; reasoning_content?: string },
  finish: ChatCompletion["choices"][number]["finish_reason"] | null = null,
) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: NOW,
    model: "m",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}
