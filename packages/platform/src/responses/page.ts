/** A page of a list, by OpenAI's cursor. */
export interface PageRequest {
  readonly limit: number;
  readonly order: "asc" | "desc";
  /** Id of the last item of the page before. */
  readonly after?: string | undefined;
}

export interface Page<Element> {
  readonly elements: readonly Element[];
  readonly hasMore: boolean;
}

/** @param rows one more than the page holds, where there are that many. */
export function pageOf<Element>(rows: readonly Element[], limit: number): Page<Element> {
  return { elements: rows.slice(0, limit), hasMore: rows.length > limit };
}
