/** How a person in a clone runs this program: in every command line that is printed to be pasted. */
export const BONFIRE = "npx --no bonfire";
