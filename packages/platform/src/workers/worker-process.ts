import type { Worker } from "node:cluster";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import type { MetricValues } from "../observability/instruments.ts";
import { type ToWorker, toPrimary, type WorkerReport } from "./messages.ts";

interface WorkerProcessOptions {
  readonly worker: Worker;
  readonly start: Extract<ToWorker, { type: "start" }>;
  readonly onLogLine: (line: string) => void;
}

type Phase = "starting" | "ready" | "listening" | "stopping" | "ended";

/** A worker that holds its answer back for so long is passed over. */
const ANSWER_MS = 2_000;
/** A worker that was told to cut its requests has this long to write down what it knows of them. */
const CUT_MS = 10_000;
const MOST_LINE_CHARACTERS = 100_000;

/** One worker as the primary process sees it. */
export class WorkerProcess {
  readonly #worker: Worker;
  readonly #events = new EventEmitter<{ phase: [] }>();
  readonly #asked = new Map<number, (metrics: readonly MetricValues[] | undefined) => void>();
  readonly #startedAt = performance.now();
  #phase: Phase = "starting";
  #failure: string | undefined;
  #report: WorkerReport | undefined;
  #metrics: readonly MetricValues[] = [];
  #lastId = 0;
  #wasStopped = false;
  #killTimer: NodeJS.Timeout | undefined;

  constructor({ worker, start, onLogLine }: WorkerProcessOptions) {
    this.#worker = worker;
    worker.on("message", (message: unknown) => this.#hear(message, start));
    worker.on("error", () => undefined);
    worker.process.on("exit", (code, signal) => {
      this.#failure ??= signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
      clearTimeout(this.#killTimer);
      this.#become("ended");
      for (const answer of this.#asked.values()) answer(undefined);
    });
    for (const stream of [worker.process.stdout, worker.process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => onLogLine(line.slice(0, MOST_LINE_CHARACTERS)));
    }
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether it was told to end. */
  get wasStopped(): boolean {
    return this.#wasStopped;
  }

  /** What it has said last, as long as it runs. */
  get report(): WorkerReport | undefined {
    return this.#phase === "ended" ? undefined : this.#report;
  }

  /** What it has counted, as of when it was last asked, or of its end. */
  get metrics(): readonly MetricValues[] {
    return this.#metrics;
  }

  /** Milliseconds since it was forked. */
  get ageMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** @throws when it has ended before, or the signal's reason. */
  async until(phase: "ready" | "listening", signal: AbortSignal): Promise<void> {
    while (this.#phase !== phase) {
      if (this.#phase === "ended") throw new Error(`A worker could not start: ${this.#failure}.`);
      await once(this.#events, "phase", { signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
    }
  }

  async untilEnded(): Promise<string> {
    while (this.#phase !== "ended") await once(this.#events, "phase");
    return this.#failure ?? "it ended";
  }

  /** Does nothing where it has ended. */
  send(message: ToWorker): void {
    if (!this.#worker.isConnected()) return;
    // Its end is told by another event.
    this.#worker.send(message, () => undefined);
  }

  /** Settles when it has done what is asked, has ended, or has had its time. */
  async ask(what: "refresh" | "metrics"): Promise<void> {
    if (this.#phase !== "listening" && this.#phase !== "ready" && this.#phase !== "stopping") return;
    const id = ++this.#lastId;
    const metrics = await new Promise<readonly MetricValues[] | undefined>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MS, undefined);
      this.#asked.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.send({ type: "ask", id, what });
    });
    this.#asked.delete(id);
    if (metrics !== undefined) this.#metrics = metrics;
  }

  /** Lets its requests end. @param patient none of its clients is to notice. */
  stop(patient: boolean): void {
    if (this.#phase === "ended") return;
    this.#wasStopped = true;
    this.#become("stopping");
    this.send({ type: "stop", patient });
  }

  /** Ends its requests, and soon the process, whatever it does. */
  cut(): void {
    this.send({ type: "cut" });
    this.#killTimer ??= setTimeout(() => this.kill(), CUT_MS);
  }

  kill(): void {
    this.#wasStopped = true;
    this.#worker.process.kill("SIGKILL");
  }

  #hear(message: unknown, start: Extract<ToWorker, { type: "start" }>): void {
    const { data } = toPrimary.safeParse(message);
    switch (data?.type) {
      case "hello":
        this.send(start);
        break;
      case "ready":
      case "listening":
        if (this.#phase !== "stopping") this.#become(data.type);
        break;
      case "failed":
        this.#failure = data.message;
        break;
      case "report":
        this.#report = data.report;
        break;
      case "farewell":
        this.#metrics = data.metrics;
        break;
      case "told":
        this.#asked.get(data.id)?.(data.metrics);
        break;
    }
  }

  #become(phase: Phase): void {
    if (this.#phase === "ended") return;
    this.#phase = phase;
    this.#events.emit("phase");
  }
}
