import { expect, it } from "vitest";
import { withDefaultSettings } from "./default-settings.ts";

it("keeps program, model, address, slots and context, and nothing else that was tuned", () => {
  const launch = {
    pid: 1,
    command: [
      "python",
      "server.py",
      "--model",
      "m.gguf",
      "--host",
      "a.sock",
      "--threads",
      "2",
      "--parallel",
      "4",
      "--no-kv-unified",
      "--jinja",
    ],
    env: { PATH: "/bin", GOMP_SPINCOUNT: "300", OMP_WAIT_POLICY: "passive" },
  };
  expect(withDefaultSettings(launch)).toEqual({
    pid: 1,
    command: ["python", "server.py", "--model", "m.gguf", "--host", "a.sock", "--parallel", "4", "--no-kv-unified"],
    env: { PATH: "/bin" },
  });
});
