import { randomBytes } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, it } from "vitest";
import { endAll } from "../bonfire-process.ts";
import { killUnderLoad } from "../ledger-kill.ts";
import { type MeteredSetting, setUpMetering } from "../metered-platform.ts";

const ROUNDS = 20;
const KEY = randomBytes(24).toString("hex");
let folder: string;
let setting: MeteredSetting;

beforeEach(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  setting = await setUpMetering(folder, KEY);
});

afterEach(async () => {
  await endAll();
  await setting.close();
  rmSync(folder, { recursive: true, force: true });
});

it(`the ledger has each attempt that the replica saw, once, after ${ROUNDS} kills under load`, async () => {
  console.log(await killUnderLoad(setting, KEY, ROUNDS));
});
