import { Socket } from "node:net";

/** A socket for `pg` that breaks when neither side has said anything for that long, milliseconds: an answer that never comes holds nobody up. */
export function boundedSocket(silenceMs: number): Socket {
  const socket = new Socket();
  boundSilence(socket, silenceMs);
  return socket;
}

/** The same for a socket that is there. */
export function boundSilence(socket: Socket, silenceMs: number): void {
  socket.setTimeout(silenceMs, () => socket.destroy(new Error(`The database has not answered for ${silenceMs / 1_000} s.`)));
}

/** A socket for `pg` that fails to connect, for a reason that is known before. */
export class RefusingSocket extends Socket {
  readonly #reason: Error;

  constructor(reason: Error) {
    super();
    this.#reason = reason;
  }

  override connect(): this {
    return this.destroy(this.#reason);
  }
}
