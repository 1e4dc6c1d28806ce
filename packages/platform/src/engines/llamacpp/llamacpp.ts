import type { Engine } from "../../engine/engine.ts";
import { planLaunch } from "./launch-plan.ts";
import { LlamacppClient } from "./llamacpp-client.ts";

/** llama.cpp's own HTTP server as a child of the platform: text generation from GGUF files. */
export const llamacpp: Engine = {
  name: "llamacpp",
  launch: planLaunch,
  connect: (replica) => new LlamacppClient(replica),
};
