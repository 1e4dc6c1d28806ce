import type { Config } from "@bonfire/platform/config";
import type { Environment } from "@bonfire/platform/settings/read-settings";
import { askInstance, type Instance } from "./instance.ts";
import type { Machine } from "./machine.ts";

/** What can be looked at also when the settings cannot be used. */
export interface Surroundings {
  readonly environment: Environment;
  readonly machine: Machine;
}

export interface DoctorContext extends Surroundings {
  readonly config: Config;
  /** The platform of this home; asked once. */
  readonly instance: () => Promise<Instance>;
}

export function createContext(surroundings: Surroundings, config: Config): DoctorContext {
  let instance: Promise<Instance> | undefined;
  return {
    ...surroundings,
    config,
    instance: () => {
      instance ??= askInstance(config.home);
      return instance;
    },
  };
}
