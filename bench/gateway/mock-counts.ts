import { z } from "zod";

const mockCounts = z.object({
  models: z.record(z.string(), z.object({ requests: z.int(), completionTokens: z.int() })),
  /** Requests that were malformed. */
  refused: z.int(),
});

/** What a mock replica has counted since its start. */
export async function readMockCounts(mockPort: number): Promise<z.infer<typeof mockCounts>> {
  const response = await fetch(`http://127.0.0.1:${mockPort}/counts`);
  return mockCounts.parse(await response.json());
}

/** All requests for chat that have reached a mock replica, the malformed ones included. */
export async function requestsSeenBy(mockPort: number): Promise<number> {
  const { models, refused } = await readMockCounts(mockPort);
  return Object.values(models).reduce((sum, { requests }) => sum + requests, refused);
}
