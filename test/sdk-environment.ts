interface Access {
  readonly apiKey: string;
  /** A model that takes images. */
  readonly visionModel: string;
}

/** What users set in the environment of their programs: each base URL in the form that the vendor's own has. */
export function sdkEnvironment(platformUrl: string, { apiKey, visionModel }: Access): Record<string, string> {
  const { origin } = new URL(platformUrl);
  return {
    OPENAI_BASE_URL: `${origin}/v1`,
    TOGETHER_BASE_URL: `${origin}/together/v1`,
    FIREWORKS_BASE_URL: `${origin}/inference/v1`,
    // What Fireworks' first SDK reads.
    FIREWORKS_API_BASE: `${origin}/inference/v1`,
    ANTHROPIC_BASE_URL: origin,
    ...forEachVendor("API_KEY", apiKey),
    ...forEachVendor("VISION_MODEL", visionModel),
  };
}

function forEachVendor(variable: string, value: string): Record<string, string> {
  return Object.fromEntries(["OPENAI", "TOGETHER", "FIREWORKS", "ANTHROPIC"].map((vendor) => [`${vendor}_${variable}`, value]));
}
