/** Headers of an answer that a model gave: what the name resolved to, and which fields had no effect. */
export function answerHeaders(modelId: string, ignored: readonly string[]): Record<string, string> {
  return { "x-bonfire-model": modelId, ...(ignored.length === 0 ? {} : { "x-bonfire-ignored": ignored.join(", ") }) };
}
