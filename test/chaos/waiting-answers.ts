import { setTimeout as delay } from "node:timers/promises";
import { beginStream, FIRST_TEXT, ROLE } from "./answers.ts";
import type { ChaosCall, ChaosServer } from "./chaos-server.ts";

/** How far an answer comes that then waits until its reader is gone. */
interface Phase {
  readonly name: string;
  /** Settles when that far. */
  readonly begin: (call: ChaosCall) => Promise<void>;
}

/** Pieces of text that the other side has taken: more than can be on the way. */
const PIECES = 5;
const PIECE_MS = 20;

export const PHASES: readonly Phase[] = [
  { name: "before the headers", begin: async () => undefined },
  {
    name: "before the first content",
    begin: async ({ wire }) => {
      await beginStream(wire);
      await wire.send(ROLE);
    },
  },
  {
    name: "in the middle",
    begin: async ({ wire }) => {
      await beginStream(wire);
      await wire.send(ROLE);
      for (let piece = 0; piece < PIECES; piece++) {
        await wire.send(FIRST_TEXT);
        await delay(PIECE_MS);
      }
    },
  },
];

/** The next call of an upstream begins and then waits. @returns what tells that it has come so far, and whether its connection is gone. */
export function letWait(
  server: ChaosServer,
  upstream: string,
  { begin }: Phase,
): { readonly begun: Promise<void>; readonly isGone: () => boolean } {
  let isGone = false;
  const begun = new Promise<void>((resolve, reject) => {
    const answer = async (call: ChaosCall): Promise<void> => {
      call.gone.then(() => {
        isGone = true;
      }, reject);
      await begin(call);
      resolve();
    };
    server.misbehave(upstream, { answer });
  });
  return { begun, isGone: () => isGone };
}
