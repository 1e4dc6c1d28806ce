/** A variable's place, such as `${TOGETHER_API_KEY}`; with two dollar signs it is meant as it stands. */
const PLACE = /(\$?)\$\{([A-Za-z_]\w*)\}/g;

/** Names of variables that a key's value asks for and that are not set, or the value with theirs in place. */
export function fillIn(value: string, environment: NodeJS.ProcessEnv): { readonly unset: readonly string[] } | { readonly value: string } {
  const unset = new Set<string>();
  const filled = value.replace(PLACE, (place: string, extraDollar: string, name: string) => {
    if (extraDollar !== "") return place.slice(1);
    const found = environment[name];
    if (found === undefined || found.trim() === "") unset.add(name);
    return found ?? "";
  });
  return unset.size > 0 ? { unset: [...unset] } : { value: filled };
}
