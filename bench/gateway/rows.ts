import type { LoadGenerator } from "../load/load-generator.ts";
import type { Budget } from "../measure/budget.ts";
import { aheadOfPortkey } from "./ahead.ts";
import { chatRequest } from "./load-shapes.ts";
import { type Measured, measureRow, type Series } from "./measure-row.ts";
import { INSTANT, MOCK_SHAPES, PACED } from "./mock-shapes.ts";
import type { Field, Target } from "./target.ts";

export interface RowOptions {
  readonly field: Field;
  readonly generator: LoadGenerator;
  readonly rounds: number;
  /** Of each target in each round. */
  readonly durationMs: number;
}

/** A whole answer of half a kilobyte. */
const SHORT_TOKENS = 8;
/** Requests each second of the open loops; the last one has the budgets. */
const OPEN_RATES = [50, 100, 200] as const;
const OPEN_CONNECTIONS = 32;
const PACED_STREAMS = 50;
const PACED_TOKENS = 31;
const CLOSED_CONNECTIONS = 64;
const BURST_STREAMS = 16;
const BURST_TOKENS = 1_000;
/** The mock alone must be so much faster than what is measured through a gateway; otherwise the mock is what is measured. */
const CALIBRATION = 1.5;
/** A generator that sends later than this is part of what is measured. Up to 1 ms is the granularity of timers. */
const MOST_LATENESS_MS = 5;

const short = ({ headers }: Target) => chatRequest({ model: INSTANT, tokens: SHORT_TOKENS, stream: false }, headers);
const address = ({ port }: Target) => ({ port });
const rate = ({ summary }: Measured) => (summary.answers / summary.elapsedMs) * 1_000;
const eventRate = ({ summary }: Measured) => (summary.events / summary.elapsedMs) * 1_000;
const cpuPerEvent = ({ summary, cpuSeconds }: Measured) => (cpuSeconds / summary.events) * 1e6;
const lateness = { header: "generator late p99 ms", value: ({ summary }: Measured) => summary.latenessMs.p99 };

const PARTS = ["p50", "p99"] as const;
type Part = (typeof PARTS)[number];
type Time = "latencyMs" | "firstContentMs";

function times(time: Time) {
  const own = (part: Part) => (measured: Measured) => measured.summary[time][part];
  const added = (part: Part) => (measured: Measured, direct: Measured) => measured.summary[time][part] - direct.summary[time][part];
  const columns = [
    { header: "p50 ms", value: own("p50") },
    { header: "p99 ms", value: own("p99") },
    { header: "added p50 ms", value: added("p50") },
    { header: "added p99 ms", value: added("p99") },
    lateness,
  ];
  return { own, added, columns };
}

/** Non-streamed answers at fixed rates. */
export async function measureLatency(options: RowOptions): Promise<Budget[]> {
  const { field, durationMs } = options;
  const { own, added, columns } = times("latencyMs");
  const budgets: Budget[] = [];
  for (const ratePerSecond of OPEN_RATES) {
    const title = `non-streamed answers at ${ratePerSecond} requests/s, open loop; latency from the moment a request was due`;
    const open = { kind: "open", connections: OPEN_CONNECTIONS, ratePerSecond, durationMs } as const;
    const plan = (target: Target) => ({ ...open, address: address(target), request: short(target) });
    const series = await measureRow({ title, plan, columns, tokensPerAnswer: SHORT_TOKENS }, options);
    if (ratePerSecond === OPEN_RATES.at(-1)) {
      budgets.push(...addedTimes(series, field, { name: "added latency", added, limits: { p50: 1, p99: 5 } }));
    }
    budgets.push(
      ...PARTS.flatMap((part) => {
        const name = `latency at ${ratePerSecond} requests/s, ${part},`;
        return aheadOfPortkey(series, field, { name, value: own(part), better: "less" });
      }),
    );
  }
  return budgets;
}

/** Streams that come at fixed times, so that about fifty run at any moment. */
export async function measureFirstToken(options: RowOptions): Promise<Budget[]> {
  const { field, durationMs } = options;
  const { own, added, columns } = times("firstContentMs");
  const { firstMs = 0, gapMs = 0 } = MOCK_SHAPES[PACED] ?? {};
  const ratePerSecond = (PACED_STREAMS * 1_000) / (firstMs + gapMs * (PACED_TOKENS - 1));
  const title = `time to the first token with ${PACED_STREAMS} paced streams, open loop`;
  const open = { kind: "open", connections: PACED_STREAMS * 2, ratePerSecond, durationMs } as const;
  const request = ({ headers }: Target) => chatRequest({ model: PACED, tokens: PACED_TOKENS, stream: true }, headers);
  const plan = (target: Target) => ({ ...open, address: address(target), request: request(target) });
  const series = await measureRow({ title, plan, columns, tokensPerAnswer: PACED_TOKENS }, options);
  return [
    ...addedTimes(series, field, { name: "added time to first token", added, limits: { p50: 2, p99: 10 } }),
    ...PARTS.flatMap((part) => aheadOfPortkey(series, field, { name: `time to first token, ${part},`, value: own(part), better: "less" })),
  ];
}

/** As many non-streamed answers as go through. */
export async function measureThroughput(options: RowOptions): Promise<Budget[]> {
  const { field, durationMs } = options;
  const title = `non-streamed answers, ${CLOSED_CONNECTIONS} connections, closed loop`;
  const plan = (target: Target) =>
    ({ kind: "closed", address: address(target), request: short(target), connections: CLOSED_CONNECTIONS, durationMs }) as const;
  const columns = [
    { header: "requests/s", value: rate },
    { header: "CPU µs/request", value: ({ summary, cpuSeconds }: Measured) => (cpuSeconds / summary.answers) * 1e6 },
    { header: "p50 ms", value: ({ summary }: Measured) => summary.latencyMs.p50 },
    { header: "p99 ms", value: ({ summary }: Measured) => summary.latencyMs.p99 },
  ];
  const series = await measureRow({ title, plan, columns, tokensPerAnswer: SHORT_TOKENS }, options);
  const { relay, portkey } = field;
  return field.ours.flatMap(({ tier, target }) => [
    ratio(series, { name: `${tier} requests/s to the bare relay's`, target, other: relay, value: rate, limit: 0.5, field }),
    ...(portkey === undefined
      ? []
      : [ratio(series, { name: `${tier} requests/s to Portkey's`, target, other: portkey, value: rate, limit: 3, field })]),
  ]);
}

/** Long streams as fast as they go through. */
export async function measureEvents(options: RowOptions): Promise<Budget[]> {
  const { field, durationMs } = options;
  const title = `${BURST_STREAMS} streams of ${BURST_TOKENS} tokens at full speed, closed loop`;
  const request = ({ headers }: Target) => chatRequest({ model: INSTANT, tokens: BURST_TOKENS, stream: true }, headers);
  const plan = (target: Target) =>
    ({ kind: "closed", address: address(target), request: request(target), connections: BURST_STREAMS, durationMs }) as const;
  const columns = [
    { header: "events/s", value: eventRate },
    { header: "CPU µs/event", value: cpuPerEvent },
  ];
  const series = await measureRow({ title, plan, columns, tokensPerAnswer: BURST_TOKENS }, options);
  const ofOurs = field.ours.flatMap(({ tier, target }): Budget[] => [
    {
      name: `${tier} CPU per event at full speed`,
      measured: series.median(target, cpuPerEvent),
      limit: 20,
      relation: "at-most",
      unit: "µs",
      void: series.fault(target),
    },
    ...(field.portkey === undefined
      ? []
      : [ratio(series, { name: `${tier} events/s to Portkey's`, target, other: field.portkey, value: eventRate, limit: 1, field })]),
  ]);
  return [...ofOurs, ...aheadOfPortkey(series, field, { name: "CPU per event at full speed", value: cpuPerEvent, better: "less" })];
}

function addedTimes(
  series: Series,
  { direct, ours }: Field,
  { name, added, limits }: { name: string; added: ReturnType<typeof times>["added"]; limits: Readonly<Record<Part, number>> },
): Budget[] {
  return ours.flatMap(({ tier, target }) =>
    PARTS.map((part) => ({
      name: `${tier} ${name}, ${part}`,
      measured: series.median(target, added(part)),
      limit: limits[part],
      relation: "at-most",
      unit: "ms",
      void: series.fault(direct, target) ?? lateGenerator(series, direct, target),
    })),
  );
}

function lateGenerator(series: Series, ...targets: readonly Target[]): string | undefined {
  const lateMs = Math.max(...targets.map((target) => series.median(target, lateness.value)));
  return lateMs > MOST_LATENESS_MS ? `the load generator itself was ${lateMs.toFixed(1)} ms late (p99)` : undefined;
}

interface RatioOptions {
  readonly name: string;
  readonly target: Target;
  readonly other: Target;
  readonly value: (measured: Measured) => number;
  readonly limit: number;
  readonly field: Field;
}

/** Of two rates in the same round; void where the mock alone was not clearly faster than both. */
function ratio(series: Series, { name, target, other, value, limit, field: { direct } }: RatioOptions): Budget {
  const headroom = Math.min(
    ...[target, other].map((gateway) => series.median(direct, (own, through) => value(own) / value(through), gateway)),
  );
  const tooSlow =
    headroom < CALIBRATION ? `the mock alone reaches only ${headroom.toFixed(2)} times the rate, ${CALIBRATION} are needed` : undefined;
  return {
    name,
    measured: series.median(target, (ours, theirs) => value(ours) / value(theirs), other),
    limit,
    relation: "at-least",
    unit: "",
    void: series.fault(direct, target, other) ?? tooSlow,
  };
}
