/** What the chunks of a stream tell once. @throws when they tell it more often: clients that add up would count it twice. */
export function onlyOne<Value>(values: readonly (Value | null | undefined)[]): Value | undefined {
  const told = values.filter((value) => value !== null && value !== undefined);
  if (told.length > 1) throw new Error(`This is told ${told.length} times: ${JSON.stringify(told)}`);
  return told[0];
}
