import { join } from "node:path";

/** Where a platform writes its log files. */
export function logFolder(home: string): string {
  return join(home, "logs");
}
