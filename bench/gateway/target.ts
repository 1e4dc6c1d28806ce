/** A: neither keys nor ledger. B: keys and a durable ledger. Figures of the two never stand in one table. */
export type Tier = "A" | "B";

/** What the load is sent to. */
export interface Target {
  readonly name: string;
  /** The tables that it stands in. */
  readonly tiers: readonly Tier[];
  readonly port: number;
  /** Of the mock behind it. */
  readonly mockPort: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the process between load and mock; undefined for the mock itself. */
  readonly pid: number | undefined;
}

/** All that take part in one run. */
export interface Field {
  readonly direct: Target;
  readonly relay: Target;
  /** Bonfire, one for each tier that is measured. */
  readonly ours: readonly { readonly tier: Tier; readonly target: Target }[];
  readonly portkey: Target | undefined;
  readonly litellm: Target | undefined;
}

export function allTargets({ direct, relay, ours, portkey, litellm }: Field): Target[] {
  const peers = [portkey, litellm].filter((peer) => peer !== undefined);
  return [direct, relay, ...ours.map(({ target }) => target), ...peers];
}
