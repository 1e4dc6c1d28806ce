/** What the key of an upstream is sealed for. */
export function upstreamKeyContext(upstream: string, key: string): string {
  return `upstream/${upstream}/${key}`;
}
