import { describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import type { ChaosPlatform } from "./chaos-platform.ts";
import { TRAP } from "./connection-cases.ts";

/** Tests for the end of a file: they stop the platform. @param cases how many cases it has met at least */
export function itLeavesNothing(platform: () => ChaosPlatform, cases: number): void {
  describe("when all of that is over", () => {
    it("nothing runs at any deployment", async () => {
      const deployments = z.object({ data: z.array(z.object({ name: z.string(), in_flight: z.number() })) });
      const answer = deployments.parse(await (await platform().call("GET", "/admin/v1/deployments")).json());
      expect(answer.data.length).toBeGreaterThan(cases);
      expect(answer.data.filter(({ in_flight }) => in_flight > 0)).toEqual([]);
    });

    it("no redirect was followed", () => {
      expect(platform().server.asked(TRAP)).toBe(0);
    });

    it("no connection is left", async () => {
      await until(() => platform().server.open() === 0);
    });

    it("the platform has had no fault of its own, and ends as it should", async () => {
      const { platform: own } = platform();
      expect(await own.stop("SIGINT")).toBe(0);
      expect(own.stderr()).not.toMatch(/internal_error|[Uu]nhandled|MaxListenersExceeded/);
    });
  });
}
