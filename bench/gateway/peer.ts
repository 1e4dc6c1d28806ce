import type { Child } from "../processes/child.ts";

/** Another gateway, running in front of the mock. */
export interface Peer extends Child {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds from the start of the process until it answered. */
  readonly readyAfterMs: number;
}

/** Starts one of them. @param cacheFolder where it is installed. */
export type StartPeer = (cacheFolder: string, mockPort: number) => Promise<Peer>;
