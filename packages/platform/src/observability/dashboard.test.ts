import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { METRICS, type MetricDefinition } from "./metric-table.ts";

const TABLE: readonly MetricDefinition[] = Object.values(METRICS);
const ROOT = new URL("../../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

const dashboard = z
  .object({
    templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string(), definition: z.string().optional() })) }),
    panels: z.array(
      z.object({
        id: z.number(),
        type: z.string(),
        title: z.string(),
        gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
        datasource: z.object({ uid: z.string() }).optional(),
        targets: z.array(z.object({ expr: z.string(), datasource: z.object({ uid: z.string() }) })).default([]),
      }),
    ),
  })
  .parse(JSON.parse(read("deploy/grafana/bonfire.json")));

/** What a histogram is stored as. */
const seriesOf = ({ name, type }: MetricDefinition): string[] =>
  type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];

const KNOWN = new Map(TABLE.flatMap((metric) => seriesOf(metric).map((series) => [series, metric] as const)));
/** Added by Prometheus itself, or to a histogram's buckets. */
const COMMON_LABELS = ["instance", "job", "le"];

const expressions = [
  ...dashboard.panels.flatMap((panel) => panel.targets.map((target) => [panel.title, target.expr] as const)),
  ...dashboard.templating.list.flatMap(({ name, definition }) =>
    definition === undefined ? [] : [[`variable ${name}`, definition] as const],
  ),
];
const METRIC = /\b(?:bonfire|process|nodejs)_[a-z_]+/g;

describe("the dashboard", () => {
  it.each(expressions)("asks in %s only for metrics that exist, by labels that they have: %s", (_, expression) => {
    const named = [...expression.matchAll(METRIC)].map(([name]) => name);
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !KNOWN.has(name))).toEqual([]);
    const labels = new Set([...COMMON_LABELS, ...named.flatMap((name) => KNOWN.get(name)?.labels ?? [])]);
    const matched = [...expression.matchAll(/([a-z_]+)=~?"/g)].map(([, label]) => label ?? "");
    const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) =>
      (list ?? "").split(",").map((label) => label.trim()),
    );
    expect([...matched, ...grouped].filter((label) => !labels.has(label))).toEqual([]);
  });

  it("shows every metric of Bonfire's own", () => {
    const shown = new Set(expressions.flatMap(([, expression]) => [...expression.matchAll(METRIC)].map(([name]) => KNOWN.get(name))));
    expect(TABLE.filter((metric) => metric.name.startsWith("bonfire_") && !shown.has(metric))).toEqual([]);
  });

  it("can be imported anywhere: it names no data source but its own variable", () => {
    expect(dashboard.templating.list).toContainEqual({ name: "datasource", type: "datasource" });
    const sources = dashboard.panels.flatMap((panel) => [panel.datasource, ...panel.targets.map((target) => target.datasource)]);
    expect(new Set(sources.flatMap((source) => source?.uid ?? []))).toEqual(new Set(["${" + "datasource}"]));
  });

  it("lays its panels out without overlap, each with an id of its own", () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, { title, gridPos: a }] of panels.entries()) {
      expect(a.x + a.w, title).toBeLessThanOrEqual(24);
      const over = panels
        .slice(index + 1)
        .filter(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h);
      expect(
        over.map((panel) => panel.title),
        title,
      ).toEqual([]);
    }
  });
});

describe("docs/observability.md", () => {
  it("lists every metric with type, labels and help", () => {
    const rows = read("docs/observability.md")
      .split("\n")
      .filter((line) => /^\| `(bonfire|process|nodejs)_/.test(line))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim().replaceAll("`", "")),
      );
    expect(rows).toEqual(TABLE.map(({ name, type, labels, help }) => [name, type, labels.join(", "), help]));
  });

  it("tells the buckets of every histogram", () => {
    const page = read("docs/observability.md");
    for (const { name, buckets } of TABLE) if (buckets !== undefined) expect(page, name).toContain(`\`${buckets.join(" ")}\``);
  });
});
