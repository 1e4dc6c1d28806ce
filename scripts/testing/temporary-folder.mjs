// A folder of its own for what one run leaves behind.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

export async function withTemporaryFolder(work) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bonfire-test-"));
  try {
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
