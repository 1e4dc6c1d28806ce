import { afterEach, beforeEach, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
beforeEach(async () => {
  patient = await Patient.admit();
});
afterEach(() => patient.discharge());

const GPU = "echo '0, NVIDIA H200, 143771, 142000'";

test("an engine that lists the GPU can use it", async () => {
  await patient.writeProgram("nvidia-smi", GPU);
  await patient.writeProgram("llama-server", "printf 'Available devices:\\n  CUDA0: NVIDIA H200 (143771 MiB, 142000 MiB free)\\n'");
  expect(await patient.examine("gpu")).toEqual({ state: "ok", found: "NVIDIA H200" });
});

test("an engine that lists none leaves the GPU aside", async () => {
  await patient.writeProgram("nvidia-smi", GPU);
  await patient.writeProgram("llama-server", "echo 'Available devices:'");
  await patient.expectMended("gpu", { state: "warning", found: /NVIDIA H200 is there, but the engine computes on the CPU/ });
});

test("a driver that does not answer leaves the GPU aside", async () => {
  await patient.writeProgram("nvidia-smi", "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18");
  await patient.expectMended("gpu", { state: "warning", found: /nvidia-smi is there but gives no answer.*version mismatch.*restart/s });
});

test("an engine that is not installed yet is not asked", async () => {
  await patient.writeProgram("nvidia-smi", GPU);
  expect(await patient.examine("gpu")).toMatchObject({ state: "skipped" });
});
