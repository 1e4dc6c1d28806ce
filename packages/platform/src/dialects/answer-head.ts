/** What every body and chunk of one answer repeats. */
export interface AnswerHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  /** The name that the client asked for, not what it resolved to. */
  readonly model: string;
}
