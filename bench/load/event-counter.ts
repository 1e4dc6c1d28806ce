const LINE_FEED = 0x0a;
const COLON = 0x3a;

/** Counts server-sent events in pieces of any size without decoding them: an empty line ends one; one that begins with a colon is a comment. */
export class EventCounter {
  /** First byte of the event that is being read; undefined before it. */
  #first: number | undefined;
  #endsWithLineFeed = false;

  /** @returns how many events this piece completes. */
  feed(piece: Buffer): number {
    let count = 0;
    let from = 0;
    if (this.#endsWithLineFeed && piece[0] === LINE_FEED) {
      count += this.#complete();
      from = 1;
    }
    for (let end = piece.indexOf("\n\n", from, "latin1"); end !== -1; end = piece.indexOf("\n\n", from, "latin1")) {
      this.#first ??= piece[from];
      count += this.#complete();
      from = end + 2;
    }
    if (from < piece.length) {
      this.#first ??= piece[from];
      this.#endsWithLineFeed = piece[piece.length - 1] === LINE_FEED;
    }
    return count;
  }

  #complete(): number {
    const isComment = this.#first === COLON;
    this.#first = undefined;
    this.#endsWithLineFeed = false;
    return isComment ? 0 : 1;
  }
}
