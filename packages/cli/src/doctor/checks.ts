import type { Check } from "./check.ts";
import { caches } from "./checks/cache.ts";
import { embeddedDatabase } from "./checks/embedded-database.ts";
import { engine } from "./checks/engine.ts";
import { externalDatabase } from "./checks/external-database.ts";
import { gpu } from "./checks/gpu.ts";
import { home } from "./checks/home.ts";
import { instance } from "./checks/instance.ts";
import { listeningPort } from "./checks/listening-port.ts";
import { memory } from "./checks/memory.ts";
import { models } from "./checks/models.ts";
import { network } from "./checks/network.ts";
import { runtime } from "./checks/runtime.ts";
import { settings } from "./checks/settings.ts";
import { sockets } from "./checks/sockets.ts";
import { upstream } from "./checks/upstream.ts";
import type { DoctorContext, Surroundings } from "./context.ts";

/** What is looked at whatever the settings are. */
export const MACHINE_CHECKS: readonly Check<Surroundings>[] = [...runtime, ...settings];

/** What is looked at where the settings are; a check comes after those that it needs. */
export const CHECKS: readonly Check<DoctorContext>[] = [
  ...home,
  ...caches,
  ...sockets,
  ...instance,
  ...listeningPort,
  ...embeddedDatabase,
  ...externalDatabase,
  ...engine,
  ...gpu,
  ...models,
  ...memory,
  ...network,
  ...upstream,
];
