/** One graphics processor with memory of its own. */
export interface Accelerator {
  /** What its vendor calls it: `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** The driver's own number for it. */
  readonly index: number;
  readonly memoryBytes: number;
  /** Not in use by anybody when it was looked at. */
  readonly freeBytes: number;
}

/** What this process may use of the machine that it runs on. */
export interface Hardware {
  /** Cores that can be kept busy, at least 1. */
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly accelerators: readonly Accelerator[];
}
