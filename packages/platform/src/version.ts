/** Of the product; the workspaces' package.json files carry the same. */
export const VERSION = "0.1.0";
