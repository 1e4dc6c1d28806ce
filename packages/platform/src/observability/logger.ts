import { type DestinationStream, type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { LogFile } from "./log-file.ts";
import { createRedactor } from "./redaction.ts";

interface LogPlaces {
  /** On stderr: JSON lines, one coloured line each for a person, or what suits where stderr leads. Default auto. */
  readonly format?: "auto" | "json" | "pretty";
  /** Gets every line too, always as JSON. */
  readonly file?: Pick<LogFile, "write"> | undefined;
  /** Values of settings that must not come out, wherever they turn up. */
  readonly secrets?: readonly string[];
  /** Instead of stderr. */
  readonly screen?: DestinationStream;
}

interface LoggerOptions extends LogPlaces {
  readonly level: string;
}

/** Where lines go: JSON, each with its line end. Logs go to stderr: stdout belongs to what the user asked for. */
export function openLog({ format = "auto", file, secrets = [], screen = openStderr(format) }: LogPlaces): DestinationStream {
  const redact = createRedactor(secrets);
  return {
    write: (line) => {
      const clean = redact(line);
      screen.write(clean);
      file?.write(clean);
    },
  };
}

/** @param destination absent: a log of its own. */
export function createLogger({ level, ...places }: LoggerOptions, destination: DestinationStream = openLog(places)): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } }, destination);
}

function openStderr(format: "auto" | "json" | "pretty"): DestinationStream {
  if (format === "pretty" || (format === "auto" && process.stderr.isTTY === true)) {
    return pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l", singleLine: true });
  }
  const stderr = pino.destination({ dest: 2, sync: true });
  // It may lead to a disk that is full; the platform goes on without it.
  stderr.on("error", () => undefined);
  return writeTogether(stderr);
}

/** Logs with lines that are not written yet. */
const unwritten = new Set<() => void>();
let watchesExit = false;

/** The lines of one turn of the event loop go out by one system call, those of a process that ends by itself included. */
function writeTogether(destination: DestinationStream): DestinationStream {
  if (!watchesExit) {
    watchesExit = true;
    process.on("exit", () => {
      for (const flush of unwritten) flush();
    });
  }
  let waiting = "";
  const flush = (): void => {
    unwritten.delete(flush);
    const lines = waiting;
    waiting = "";
    if (lines !== "") destination.write(lines);
  };
  return {
    write: (line) => {
      if (waiting === "") {
        unwritten.add(flush);
        setImmediate(flush);
      }
      waiting += line;
    },
  };
}

/** Name, message and stack of an error and its causes; never other members, which may hold bodies or credentials. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
