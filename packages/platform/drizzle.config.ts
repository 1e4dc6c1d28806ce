import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "packages/platform/src/storage/schema.ts",
  out: "packages/platform/migrations",
});
