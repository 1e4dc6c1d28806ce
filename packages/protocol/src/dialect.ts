import { z } from "zod";

/** Whose API a client was written for: shapes, defaults and error bodies follow it where the three differ. */
export const dialect = z.enum(["openai", "together", "fireworks"]).meta({ id: "Dialect" });
export type Dialect = z.infer<typeof dialect>;
