/** How the mock replica answers, by the name of the model. */
export interface MockShape {
  /** Before the first content, milliseconds. */
  readonly firstMs: number;
  /** Between two content events, milliseconds; 0 sends as fast as the reader takes them. */
  readonly gapMs: number;
}

export const INSTANT = "mock-instant";
export const PACED = "mock-paced";
/** Several, because a gateway may bound the requests of one model. */
export const SLOW = ["mock-slow-1", "mock-slow-2", "mock-slow-3", "mock-slow-4"] as const;

export const MOCK_SHAPES: Readonly<Record<string, MockShape>> = {
  [INSTANT]: { firstMs: 0, gapMs: 0 },
  [PACED]: { firstMs: 10, gapMs: 20 },
  ...Object.fromEntries(SLOW.map((model) => [model, { firstMs: 10, gapMs: 1_000 }])),
};
