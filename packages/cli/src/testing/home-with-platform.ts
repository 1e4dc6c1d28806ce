import { onTestFinished } from "vitest";
import { startFakePlatform } from "./fake-platform.ts";
import { temporaryHome } from "./temporary-home.ts";

/** A home with a platform that answers as the test says, for one test. */
export async function homeWithPlatform(routes: Parameters<typeof startFakePlatform>[1]) {
  const home = temporaryHome();
  const fake = await startFakePlatform(home, routes);
  onTestFinished(fake.stop);
  return { home, calls: fake.calls };
}
