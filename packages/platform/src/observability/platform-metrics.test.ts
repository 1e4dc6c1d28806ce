import { describe, expect, it } from "vitest";
import { Metrics } from "./metrics.ts";
import { PlatformMetrics, toldMetrics } from "./platform-metrics.ts";

const REQUEST = { method: "POST", route: "/v1/chat/completions", status: 200, durationMs: 3 };

/** A process that has served so many requests. */
function served(requests: number, running = 0): Metrics {
  const metrics = new Metrics({ version: "1" });
  metrics.addModel("m");
  metrics.pullFrom({
    requests: () => [{ model: "m", running, waiting: 0 }],
    databaseIsUp: () => running !== 3,
  });
  for (let count = 0; count < requests; count++) metrics.requestEnded(REQUEST);
  return metrics;
}

/** As they arrive from another process. */
const told = async (metrics: Metrics) => toldMetrics.parse(JSON.parse(JSON.stringify(await metrics.values())));

function valueIn(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return Number(line?.split(" ").at(-1));
}

const REQUESTS = 'bonfire_http_requests_total{method="POST",route="/v1/chat/completions",status="200"}';
const DURATIONS = 'bonfire_http_request_duration_seconds_bucket{le="0.005",method="POST",route="/v1/chat/completions"}';

describe("the metrics of several processes", () => {
  it("add what was counted and what runs, and tell the version once", async () => {
    const all = new PlatformMetrics(served(1));
    const text = await all.render([await told(served(2, 1)), await told(served(4, 2))]);
    expect(valueIn(text, REQUESTS)).toBe(7);
    expect(valueIn(text, DURATIONS)).toBe(7);
    expect(valueIn(text, 'bonfire_requests_running{model="m"}')).toBe(3);
    expect(valueIn(text, 'bonfire_build_info{version="1"}')).toBe(1);
    expect(valueIn(text, "bonfire_database_up")).toBe(1);
  });

  it("call the database down where one of them cannot reach it", async () => {
    const text = await new PlatformMetrics(served(0)).render([await told(served(0, 3))]);
    expect(valueIn(text, "bonfire_database_up")).toBe(0);
  });

  it("go on counting what those had counted that have ended, but not what ran in them", async () => {
    const all = new PlatformMetrics(served(1));
    for (const requests of [2, 4]) await all.keep(await told(served(requests, 5)));
    const text = await all.render([await told(served(8, 1))]);
    expect(valueIn(text, REQUESTS)).toBe(15);
    expect(valueIn(text, DURATIONS)).toBe(15);
    expect(valueIn(text, 'bonfire_requests_running{model="m"}')).toBe(1);
  });

  it("look like those of one", async () => {
    const alone = served(1);
    const names = (text: string) =>
      text
        .split("\n")
        .filter((line) => line.startsWith("# TYPE"))
        .sort();
    expect(names(await new PlatformMetrics(alone).render([await told(served(1))]))).toEqual(names(await alone.render()));
  });
});
