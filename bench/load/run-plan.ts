import { setTimeout as delay } from "node:timers/promises";
import { AnswerRecorder } from "./answer-recorder.ts";
import { Connection, encodeRequest } from "./connection.ts";
import type { Address, LoadPlan, LoadSummary } from "./load-plan.ts";
import { SummaryBuilder } from "./summary-builder.ts";

type PlanOf<Kind extends LoadPlan["kind"]> = Extract<LoadPlan, { kind: Kind }>;

/** Between the preparation and the first request of an open loop. */
const HEAD_START_MS = 20;

export function runPlan(plan: LoadPlan): Promise<LoadSummary> {
  if (plan.kind === "closed") return runClosed(plan);
  if (plan.kind === "open") return runOpen(plan);
  if (plan.kind === "together") return runTogether(plan);
  return runBeside(plan);
}

async function runClosed({ address, request, connections, durationMs }: PlanOf<"closed">): Promise<LoadSummary> {
  const bytes = encodeRequest(request);
  const opened = await openConnections(address, connections);
  const summary = new SummaryBuilder();
  const until = performance.now() + durationMs;
  await Promise.all(
    opened.map(async (first) => {
      let connection = first;
      while (performance.now() < until) {
        const sentAt = performance.now();
        try {
          if (!connection.isReusable) connection = await Connection.open(address);
          summary.add(await connection.exchange(bytes), sentAt);
        } catch (error) {
          summary.fail(error);
          connection.destroy();
        }
      }
      connection.destroy();
    }),
  );
  return summary.summary();
}

async function runOpen({ address, request, connections, ratePerSecond, durationMs }: PlanOf<"open">): Promise<LoadSummary> {
  const bytes = encodeRequest(request);
  const idle = await openConnections(address, connections);
  const summary = new SummaryBuilder();
  const startAt = performance.now() + HEAD_START_MS;
  const intervalMs = 1_000 / ratePerSecond;
  const count = Math.round(durationMs / intervalMs);
  const send = async (dueAt: number): Promise<void> => {
    summary.addLateness(performance.now() - dueAt);
    try {
      const connection = idle.pop() ?? (await Connection.open(address));
      summary.add(await connection.exchange(bytes), dueAt);
      if (connection.isReusable) idle.push(connection);
      else connection.destroy();
    } catch (error) {
      summary.fail(error);
    }
  };
  const sent: Promise<void>[] = [];
  while (sent.length < count) {
    const dueAt = startAt + sent.length * intervalMs;
    const wait = dueAt - performance.now();
    // Timers count whole milliseconds: rounded up, a request is late by less than one and never early.
    if (wait > 0) await delay(Math.ceil(wait));
    else sent.push(send(dueAt));
  }
  await Promise.all(sent);
  for (const connection of idle) connection.destroy();
  return summary.summary();
}

async function runTogether({ address, requests }: PlanOf<"together">): Promise<LoadSummary> {
  const opened = await openConnections(address, requests.length);
  const summary = new SummaryBuilder();
  const startedAt = performance.now();
  await Promise.all(
    requests.map(async (request, index) => {
      const connection = opened[index] ?? (await Connection.open(address));
      try {
        summary.add(await connection.exchange(encodeRequest(request)), startedAt);
      } catch (error) {
        summary.fail(error);
      }
      connection.destroy();
    }),
  );
  return summary.summary();
}

async function runBeside({ address, running, intruder }: PlanOf<"beside">): Promise<LoadSummary> {
  const opened = await openConnections(address, running.length + 1);
  const summary = new SummaryBuilder();
  const streams = running.map((request, index) => {
    const recorder = new AnswerRecorder();
    const stream = { recorder, ended: false };
    const noteEnd = (fault: string | undefined) => {
      stream.ended = true;
      if (fault !== undefined) summary.fail(fault);
    };
    opened[index]?.exchange(encodeRequest(request), recorder).then(
      ({ fault }) => noteEnd(fault),
      // Hung up below.
      () => noteEnd(undefined),
    );
    return stream;
  });
  while (!streams.every(({ recorder, ended }) => recorder.hasContent || ended)) await delay(1);

  for (const { recorder } of streams) recorder.longestGapMs = 0;
  const sentAt = performance.now();
  let firstContentAt = Number.POSITIVE_INFINITY;
  try {
    const answer = await opened[running.length]?.exchange(encodeRequest(intruder));
    if (answer !== undefined) {
      firstContentAt = answer.firstContentAt;
      summary.add(answer, sentAt);
    }
  } catch (error) {
    summary.fail(error);
  }
  // A stream that has waited since its last event until now has a gap as well.
  const now = performance.now();
  const gaps = streams.map(({ recorder, ended }) => Math.max(recorder.longestGapMs, ended ? 0 : now - (recorder.lastEventAt ?? sentAt)));
  const stillRunning = streams.filter(({ recorder }) => (recorder.lastEventAt ?? 0) >= firstContentAt).length;
  for (const connection of opened) connection.destroy();
  return summary.summary({ longestGapMs: Math.max(...gaps), stillRunning });
}

function openConnections(address: Address, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => Connection.open(address)));
}
