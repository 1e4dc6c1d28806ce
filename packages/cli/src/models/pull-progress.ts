import type { PullEvent } from "@bonfire/protocol/installed-models";
import { SingleBar } from "cli-progress";
import { bytes } from "../amounts.ts";
import { printable } from "../terminal-text.ts";

type Bytes = Extract<PullEvent, { type: "bytes" }>;

interface PullProgress {
  show(event: PullEvent): void;
  /** Leaves the line, whether it is full or not. */
  stop(): void;
}

const BAR = "━";
const BAR_WIDTH = 30;
/** Lines of a log say how far it is after each such part. */
const STEP_PERCENT = 10;

/** One bar on a terminal, some plain lines elsewhere. */
export function pullProgress(stream: NodeJS.WriteStream): PullProgress {
  return stream.isTTY === true ? barProgress(stream) : lineProgress((line) => stream.write(`${line}\n`));
}

/** Lines for those who read later: what happens, and each tenth of the bytes. */
export function lineProgress(write: (line: string) => void): PullProgress {
  let told = -1;
  return {
    show: (event) => {
      if (event.type === "message") write(printable(event.text));
      if (event.type !== "bytes" || event.total_bytes === null || event.total_bytes === 0) return;
      const step = Math.floor((100 * event.received_bytes) / event.total_bytes / STEP_PERCENT);
      if (step <= told) return;
      told = step;
      write(`${step * STEP_PERCENT} % of ${bytes(event.total_bytes)}`);
    },
    stop: () => undefined,
  };
}

function barProgress(stream: NodeJS.WriteStream): PullProgress {
  let bar: SingleBar | undefined;
  let began: { at: number; received: number } | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show: (event) => {
      if (event.type === "message") {
        stop();
        stream.write(`${printable(event.text)}\n`);
      }
      if (event.type !== "bytes") return;
      began ??= { at: performance.now(), received: event.received_bytes };
      const seconds = (performance.now() - began.at) / 1_000;
      const line = barLine(event, seconds > 1 ? (event.received_bytes - began.received) / seconds : undefined);
      if (bar === undefined) {
        bar = new SingleBar({ stream, format: (_options, _params, { line }: { line: string }) => line, hideCursor: true, fps: 10 });
        bar.start(event.total_bytes ?? 0, event.received_bytes, { line });
      } else bar.update(event.received_bytes, { line });
    },
    stop,
  };
}

/** @param bytesPerSecond undefined while it is too early to say */
export function barLine({ file, received_bytes, total_bytes }: Bytes, bytesPerSecond: number | undefined): string {
  const speed = bytesPerSecond === undefined ? "" : `  ${bytes(Math.round(bytesPerSecond))}/s`;
  const name = printable(file.slice(file.lastIndexOf("/") + 1));
  if (total_bytes === null || total_bytes === 0) return `${name}  ${bytes(received_bytes)}${speed}`;
  const part = Math.min(1, received_bytes / total_bytes);
  const full = Math.round(part * BAR_WIDTH);
  const bar = `${BAR.repeat(full)}${" ".repeat(BAR_WIDTH - full)}`;
  const left =
    bytesPerSecond === undefined || bytesPerSecond < 1 ? "" : `  ${Math.ceil((total_bytes - received_bytes) / bytesPerSecond)} s left`;
  return `${bar} ${String(Math.floor(part * 100)).padStart(3)} %  ${bytes(received_bytes)} of ${bytes(total_bytes)}${speed}${left}  ${name}`;
}
