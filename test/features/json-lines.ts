/** As the SDKs' stream helpers read what a server has passed on to a browser. */
export function jsonLines(values: readonly unknown[]): ReadableStream<Uint8Array> {
  return new Blob(values.map((value) => `${JSON.stringify(value)}\n`)).stream();
}
