/** What happens to one file. */
export type ArtifactProgress =
  | { readonly type: "source"; readonly fileName: string; readonly source: string }
  | { readonly type: "bytes"; readonly fileName: string; readonly receivedBytes: number; readonly totalBytes: number }
  /** Bytes that are there already are hashed. */
  | { readonly type: "verifying"; readonly fileName: string }
  | { readonly type: "source-failed"; readonly fileName: string; readonly source: string; readonly reason: string }
  /** Another process fetches the same file. */
  | { readonly type: "waiting"; readonly fileName: string; readonly holder: string };

/** What happens to a model while it is pulled. In `bytes` both numbers count all its files together, so that one bar can be drawn. */
export type ModelProgress = { readonly model: string } & (
  | { readonly type: "resolving" }
  | ArtifactProgress
  | { readonly type: "done"; readonly sizeBytes: number }
);

/** Sums the bytes of several files to those of the model; a thousand events for a whole model are enough to draw a bar. */
export class ByteSum {
  readonly #files: Map<string, { received: number; total: number }>;
  readonly #report: (receivedBytes: number, totalBytes: number) => void;
  #reported = -1;

  constructor(
    files: readonly { readonly fileName: string; readonly sizeBytes?: number | undefined }[],
    report: (receivedBytes: number, totalBytes: number) => void,
  ) {
    this.#files = new Map(files.map(({ fileName, sizeBytes }) => [fileName, { received: 0, total: sizeBytes ?? 0 }]));
    this.#report = report;
  }

  /** Bytes that a file has now; its total counts where nobody knew it before. */
  set(fileName: string, received: number, total: number): void {
    this.#files.set(fileName, { received, total });
    const all = [...this.#files.values()];
    const sum = all.reduce((bytes, file) => bytes + file.received, 0);
    const whole = all.reduce((bytes, file) => bytes + file.total, 0);
    // A download that starts over goes back.
    if (sum === this.#reported || (sum > this.#reported && sum < whole && sum - this.#reported < whole / 1_000)) return;
    this.#reported = sum;
    this.#report(sum, whole);
  }
}
