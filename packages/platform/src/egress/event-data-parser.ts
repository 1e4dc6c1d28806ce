const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
/** `data`, as bytes. */
const [D, A, T] = [0x64, 0x61, 0x74];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const FIRST_CARRY_BYTES = 4_096;

/** An event has more bytes than one may have. */
export class EventTooLargeError extends Error {
  override readonly name = "EventTooLargeError";
}

/**
 * Reads the `data` of server-sent events out of bytes (HTML standard, section 9.2.6), however they were cut: lines end with LF, CR or both;
 * fields but `data` are passed over; an event that its stream does not end is none. It works on bytes, since a line break is never a part of
 * another character, and keeps at most one event.
 */
export class EventDataParser {
  readonly #maxEventBytes: number;
  /** The beginning of a line whose end has not come; grows by doubling, so that a byte at a time costs no more than all at once. */
  #carry: Buffer | undefined;
  #carried = 0;
  /** Data lines of the event that is being read. */
  #lines: string[] = [];
  #lineBytes = 0;
  #skipsLf = false;
  #isFirstLine = true;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** Adds the events that end in these bytes. @throws EventTooLargeError */
  push(bytes: Buffer, events: string[]): void {
    let start = 0;
    // JSON has no bare carriage return in it, so that one search is enough for most chunks.
    let cr = bytes.indexOf(CR);
    while (start < bytes.length) {
      if (this.#skipsLf) {
        this.#skipsLf = false;
        if (bytes[start] === LF) {
          start++;
          continue;
        }
      }
      if (cr !== -1 && cr < start) cr = bytes.indexOf(CR, start);
      const lf = bytes.indexOf(LF, start);
      const endsWithCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = endsWithCr ? cr : lf;
      if (end === -1) {
        this.#keep(bytes, start);
        return;
      }
      this.#skipsLf = endsWithCr;
      if (this.#carried === 0) this.#endLine({ bytes, start, end }, events);
      else this.#endCarriedLine({ bytes, start, end }, events);
      start = end + 1;
    }
  }

  #keep(bytes: Buffer, start: number): void {
    const length = this.#carried + bytes.length - start;
    this.#limit(length);
    if (this.#carry === undefined || this.#carry.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_CARRY_BYTES, length * 2));
      this.#carry?.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, start);
    this.#carried = length;
  }

  #endCarriedLine({ bytes, start, end }: Line, events: string[]): void {
    this.#keep(bytes.subarray(start, end), 0);
    const line = { bytes: this.#carry ?? bytes, start: 0, end: this.#carried };
    this.#carried = 0;
    this.#endLine(line, events);
    // What a large event needed is not kept for the small ones that follow.
    if (line.bytes.length > FIRST_CARRY_BYTES * 16) this.#carry = undefined;
  }

  #endLine({ bytes, start: from, end }: Line, events: string[]): void {
    let start = from;
    if (this.#isFirstLine) {
      this.#isFirstLine = false;
      if (BYTE_ORDER_MARK.every((byte, at) => bytes[start + at] === byte)) start += BYTE_ORDER_MARK.length;
    }
    if (start === end) {
      this.#endEvent(events);
      return;
    }
    const isData = bytes[start] === D && bytes[start + 1] === A && bytes[start + 2] === T && bytes[start + 3] === A && end - start >= 4;
    if (!isData) return;
    let value = start + 4;
    if (value < end) {
      if (bytes[value] !== COLON) return;
      value++;
      if (value < end && bytes[value] === SPACE) value++;
    }
    // With the break that joins it to the next.
    this.#lineBytes += end - value + 1;
    this.#limit(this.#lineBytes);
    this.#lines.push(bytes.toString("utf8", value, end));
  }

  #endEvent(events: string[]): void {
    const [first] = this.#lines;
    if (first === undefined) return;
    const data = this.#lines.length === 1 ? first : this.#lines.join("\n");
    this.#lines = [];
    this.#lineBytes = 0;
    // Some servers send events without data to keep the connection alive.
    if (data !== "") events.push(data);
  }

  #limit(bytes: number): void {
    if (bytes > this.#maxEventBytes) throw new EventTooLargeError(`An event has more than ${this.#maxEventBytes} bytes.`);
  }
}

interface Line {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}
