import { afterEach, beforeEach, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
beforeEach(async () => {
  patient = await Patient.admit();
  patient.machine = { ...patient.machine, memoryBytes: 8e9, availableMemoryBytes: 4e9 };
});
afterEach(() => patient.discharge());

test("enough memory is all right", async () => {
  expect(await patient.examine("memory")).toMatchObject({ state: "ok", found: expect.stringContaining("4.0 GB free") });
});

test("a budget that is too small for the model is raised", async () => {
  await patient.writeSettings("models: {memory: 100MiB}\n");
  expect(await patient.expectMended("memory", { found: /need 414 MB.*may take 105 MB/ })).toMatch(/config set models\.memory \d+MiB$/);
});

test("half of the memory that is not enough becomes more", async () => {
  patient.machine = { ...patient.machine, memoryBytes: 700e6 };
  expect(await patient.expectMended("memory", { found: /may take 350 MB/ })).toMatch(/config set models\.memory \d+MiB$/);
});

test("a machine that is too small loads no model at start", async () => {
  patient.machine = { ...patient.machine, memoryBytes: 400e6 };
  expect(await patient.expectMended("memory", { found: /may take 200 MB/ })).toMatch(/config set models\.preload none$/);
});

test("memory that other programs have is waited for", async () => {
  patient.machine = { ...patient.machine, availableMemoryBytes: 200e6 };
  await patient.expectMended("memory", { state: "warning", found: /200 MB are free now/ });
});
