/** JSON can escape half of a surrogate pair, which no UTF-8 can hold and which engines refuse: it becomes U+FFFD, as a text encoder writes it. */
export function wellFormed(text: string): string {
  return text.toWellFormed();
}
