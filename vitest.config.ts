import { defineConfig } from "vitest/config";

// The packages' exports name their sources under this condition: tests run what is written, not what was built last.
// Under `ssr`, because that is how vitest loads everything for Node; `resolve.conditions` alone would silently test the build.
const ssr = { resolve: { conditions: ["bonfire-source", "node", "development|production"] } };

const ENGINE_TESTS = ["packages/**/*.engine.test.ts", "test/*.test.ts"];
/** They load the machine for longer than the others together: `npm run test:long`. */
const LONG_TESTS = ["test/long/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      {
        ssr,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "bench/*/*.test.ts", "scripts/**/*.test.mjs"],
          exclude: ["**/node_modules/**", ...ENGINE_TESTS],
          pool: "threads",
          isolate: false,
          // Also on two cores, of which vitest would leave one idle: much of a test is waiting.
          maxWorkers: 2,
          // What is waited for is a condition; a slow machine is no failure.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ssr,
        test: {
          name: "engine",
          include: ENGINE_TESTS,
          globalSetup: ["test/global-setup.ts"],
          pool: "threads",
          isolate: false,
          // One database server and one replica serve all of them: one file at a time.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ssr,
        test: {
          name: "long",
          include: LONG_TESTS,
          globalSetup: ["test/global-setup.ts"],
          pool: "threads",
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
