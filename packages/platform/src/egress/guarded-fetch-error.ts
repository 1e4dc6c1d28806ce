/**
 * address: the host is none of the public internet; scheme: not an https URL; type: other content than was asked for; size: more than was
 * allowed; time: took too long; redirect: too many, or one that leads nowhere; status: anything but 200; unreachable: no or a broken connection.
 */
type FetchRefusal = "address" | "scheme" | "type" | "size" | "time" | "redirect" | "status" | "unreachable";

/** Why a user's URL was not fetched. The message is fit for that user: it tells nothing of the network that this machine stands in. */
export class FetchRefusedError extends Error {
  override readonly name = "FetchRefusedError";
  readonly reason: FetchRefusal;

  constructor(reason: FetchRefusal, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
