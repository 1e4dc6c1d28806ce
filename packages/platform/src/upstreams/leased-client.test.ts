import { describe, expect, it } from "vitest";
import type { ModelClient } from "../engine/engine.ts";
import { LeasedClient } from "./leased-client.ts";

function counting() {
  const counts = { made: 0, closed: 0 };
  const connect = (): ModelClient => {
    counts.made++;
    return {
      health: async () => ({ state: "ready" }),
      close: async () => {
        counts.closed++;
      },
    };
  };
  return { counts, client: new LeasedClient(connect) };
}

describe("a leased client", () => {
  it("is made by its first lease, and shared by all", () => {
    const { counts, client } = counting();
    expect(counts.made).toBe(0);
    expect(client.lease().client).toBe(client.lease().client);
    expect(counts).toEqual({ made: 1, closed: 0 });
  });

  it("is closed when it was retired and its last lease has ended, whoever releases twice", () => {
    const { counts, client } = counting();
    const [one, other] = [client.lease(), client.lease()];
    one.release();
    client.retire();
    one.release();
    expect(counts.closed).toBe(0);
    other.release();
    expect(counts.closed).toBe(1);
  });

  it("serves requests of before also after it was retired, and is closed again behind each", () => {
    const { counts, client } = counting();
    client.retire();
    client.lease().release();
    client.lease().release();
    expect(counts).toEqual({ made: 2, closed: 2 });
  });
});
