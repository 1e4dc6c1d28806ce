import type { Deployment } from "./deployment.ts";
import type { RoutedRequest } from "./route.ts";

export type Inability = "chat" | "vision" | "context_length";

/** The estimate may be twice what the model counts, so what is refused for its length is too long beyond doubt; the rest the deployment says itself. */
const ESTIMATE_OVER_COUNT = 2;

/** Why the deployment need not be asked. Undefined: as far as is known, it can do it. */
export function whyUnable(
  { chat, vision, contextLength }: Pick<Deployment, "chat" | "vision" | "contextLength">,
  { isChat, uses, promptTokens }: Pick<RoutedRequest, "isChat" | "uses" | "promptTokens">,
): Inability | undefined {
  if (isChat && !chat) return "chat";
  if (!vision && uses.has("images")) return "vision";
  return contextLength !== undefined && promptTokens > contextLength * ESTIMATE_OVER_COUNT ? "context_length" : undefined;
}
