/** A shell command that a person can paste. */
export interface Mend {
  /** What it does, and what else would help. */
  readonly why: string;
  readonly command: string;
}

/** What a check found. A warning does not keep the platform from working. */
export type Finding =
  | { readonly state: "ok"; readonly found: string }
  | { readonly state: "skipped"; readonly found: string }
  | { readonly state: "warning" | "failed"; readonly found: string; readonly mend?: Mend };

/** One question about this machine. */
export interface Check<Context> {
  /** Two or three words, unique; docs/troubleshooting.md explains it under this name. */
  readonly name: string;
  readonly question: string;
  /** Names of checks that come earlier; when one of them failed, this one is not looked at. */
  readonly needs?: readonly string[];
  /**
   * Looks, and changes nothing.
   * @throws whatever went wrong; the check has failed then.
   */
  readonly run: (context: Context, signal: AbortSignal) => Promise<Finding>;
}

export interface CheckReport {
  readonly name: string;
  readonly question: string;
  readonly finding: Finding;
}

export const ok = (found: string): Finding => ({ state: "ok", found });
export const skipped = (reason: string): Finding => ({ state: "skipped", found: `not looked at, because ${reason}` });
export const warning = (found: string, mend?: Mend): Finding => ({ state: "warning", found, ...(mend === undefined ? {} : { mend }) });
export const failed = (found: string, mend?: Mend): Finding => ({ state: "failed", found, ...(mend === undefined ? {} : { mend }) });
