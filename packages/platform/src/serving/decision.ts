/** What was decided about a request's way, as clients, logs and traces are told. */
export interface Decision {
  /** Id of the model, or name of the route: one of those that the request named. */
  readonly model: string;
  /** Name of the deployment that answers; `cache` where none had to. */
  readonly deployment: string;
  /** Requests that were sent to deployments, the failed ones included. */
  readonly attempts: number;
  /** How long it waited for places. */
  readonly queuedMs: number;
  /** Undefined where no stored answer was looked for. */
  readonly cache: { readonly hit: true; readonly ageMs: number } | { readonly hit: false } | undefined;
}
