import type { Engine } from "../engine/engine.ts";
import { llamacpp } from "./llamacpp/llamacpp.ts";
import { openaiCompatible } from "./openai-compatible/openai-compatible.ts";

/** Every kind of inference server that the platform can launch or attach. Importing the list loads nothing native. */
export const ENGINES: readonly Engine[] = [llamacpp, openaiCompatible];
