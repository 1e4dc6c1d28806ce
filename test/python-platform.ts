import { randomBytes } from "node:crypto";
import { endAll } from "./bonfire-process.ts";
import { startPlatformProcess } from "./running-platform.ts";
import { startVisionUpstream, VISION_MODEL } from "./vision-upstream.ts";

interface PythonTestPlatform {
  /** Where `test/python` finds it. */
  readonly variables: Readonly<Record<string, string>>;
  /** @throws when it does not end well. */
  stop(): Promise<void>;
}

/**
 * The platform of the tests with Python's SDKs: the model that every platform serves, and one that sees.
 * @param home a temporary folder
 * @public for scripts/testing/pytest.mjs, which loads it by name.
 */
export async function startPythonTestPlatform(home: string): Promise<PythonTestPlatform> {
  const upstream = await startVisionUpstream();
  const apiKey = randomBytes(32).toString("hex");
  try {
    const platform = await startPlatformProcess({ home, env: { BONFIRE_BOOTSTRAP_KEY: apiKey, BONFIRE_UPSTREAM_URL: upstream.url } });
    return {
      variables: {
        BONFIRE_TEST_BASE_URL: platform.baseUrl,
        BONFIRE_TEST_API_KEY: apiKey,
        BONFIRE_TEST_VISION_MODEL: VISION_MODEL,
      },
      stop: async () => {
        const exitCode = await platform.stop();
        const said = platform.stderr();
        await cleanUp();
        if (exitCode !== 0) throw new Error(`The platform of the Python tests ended with code ${exitCode}:\n${said}`);
      },
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }

  async function cleanUp(): Promise<void> {
    await endAll();
    await upstream.close();
  }
}
