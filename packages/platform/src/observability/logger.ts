import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

interface LoggerOptions {
  readonly level: string;
  /** One coloured line each for a person at a terminal, instead of JSON. */
  readonly pretty: boolean;
}

/** Logs go to stderr: stdout belongs to what the user asked for. */
export function createLogger({ level, pretty: forPerson }: LoggerOptions): Logger {
  const destination = forPerson
    ? pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l", singleLine: true })
    : pino.destination({ dest: 2, sync: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } }, destination);
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
