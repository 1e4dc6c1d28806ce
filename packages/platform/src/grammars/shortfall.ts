/** A keyword that an answer allowed by the grammar might not satisfy. */
export interface Shortfall {
  readonly keyword: string;
  /** Of the keyword, in dotted spelling: `properties.age.not`. */
  readonly path: string;
  /** A sentence for people. */
  readonly reason: string;
}

/** Told of each keyword that cannot be enforced. @param at the schema's path, in dotted spelling */
export type ReportShortfall = (keyword: string, at: string, reason: string) => void;
