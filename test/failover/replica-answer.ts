export const MODEL = "replica/counts";
/** What each replica says, word by word. */
export const WORDS = Array.from({ length: 10 }, (_, word) => ` ${word}`);
/** An answer takes long enough that a kill finds many in their middle. */
export const WORD_MS = 25;
