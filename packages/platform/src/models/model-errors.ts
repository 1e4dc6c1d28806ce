import { type FailedSource, reasonOf } from "./artifact-error.ts";
import type { CatalogModel } from "./catalog.ts";

/** The operator has to agree to a licence first. */
export class LicenceNotAcceptedError extends Error {
  override readonly name = "LicenceNotAcceptedError";
  readonly model: string;
  readonly licence: { readonly name: string; readonly url: string };

  constructor({ id, licence }: CatalogModel) {
    super(`${id} is under the ${licence.name}, which must be accepted before its weights are fetched: read ${licence.url}`);
    this.model = id;
    this.licence = { name: licence.name, url: licence.url };
  }
}

/** No place gave the model. The message names each one and says why. */
export class ModelUnavailableError extends Error {
  override readonly name = "ModelUnavailableError";
  readonly failures: readonly FailedSource[];

  constructor(model: string, failures: readonly FailedSource[]) {
    const causes = failures.map(({ cause }) => cause);
    super([`Could not get ${model}:`, ...failures.map(({ source, reason }) => `  - ${source}: ${indented(reason)}`)].join("\n"), {
      cause: causes.length === 1 ? causes[0] : new AggregateError(causes, "every source failed"),
    });
    this.failures = failures;
  }
}

/** A family's name stands for its largest variant that fits, and none does. */
export class NoVariantFitsError extends Error {
  override readonly name = "NoVariantFitsError";

  constructor(family: string, smallest: { readonly id: string; readonly neededBytes: number }) {
    super(
      `No model of ${family} fits this machine: the smallest, ${smallest.id}, needs ${(smallest.neededBytes / 2 ** 30).toFixed(1)} GiB, in half of the memory or on an accelerator. Name one to pull it anyway.`,
    );
  }
}

/** Two models would answer to one id. */
export class ModelIdTakenError extends Error {
  override readonly name = "ModelIdTakenError";

  constructor(id: string, source: string) {
    super(`A model ${id} is installed already, from ${source}; remove it first, or rename the file.`);
  }
}

/** What went wrong at one place, to go on with the next. */
export function failureAt(source: string, error: unknown): FailedSource {
  return { source, reason: reasonOf(error), cause: error };
}

function indented(reason: string): string {
  return reason.replaceAll("\n", "\n    ");
}
