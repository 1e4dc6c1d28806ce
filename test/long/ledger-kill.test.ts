import { it } from "vitest";
import { killUnderLoad } from "../ledger-kill.ts";
import { meterEachTest } from "../metered-platform.ts";

const ROUNDS = 20;
const metered = meterEachTest();

it(`the ledger has each attempt that the replica saw, once, after ${ROUNDS} kills under load`, async () => {
  console.log(await killUnderLoad(metered(), ROUNDS));
});
