import type { CatalogEntry, InstalledModel } from "@bonfire/protocol/installed-models";
import { ago, bytes } from "../amounts.ts";
import { type Paint, printable, table } from "../terminal-text.ts";

interface Look {
  /** Unix seconds. */
  readonly now: number;
  readonly paint: Paint;
}

const COLOUR_OF_STATE: Readonly<Partial<Record<InstalledModel["state"], Parameters<Paint>[0]>>> = {
  ready: "green",
  failed: "red",
  queued: "yellow",
  loading: "yellow",
  restarting: "yellow",
  unloading: "yellow",
  unloaded: "dim",
};

/** What is installed, and what each does. */
export function modelTable(models: readonly InstalledModel[], { paint }: Look): string {
  const rows = models.map((model) => [
    printable(model.id),
    printable(model.aliases.join(", ")),
    model.size_bytes === null ? "" : bytes(model.size_bytes),
    model.context_length === null ? "" : String(model.context_length),
    stateOf(model, paint),
  ]);
  return table([["MODEL", "ALIASES", "SIZE", "CONTEXT", "STATE"], ...rows]);
}

/** What is loaded, or on its way, and what it takes. */
export function loadedTable(models: readonly InstalledModel[], { now, paint }: Look): string {
  const rows = models.map((model) => {
    const { replica } = model;
    if (replica === null) return [printable(model.id), stateOf(model, paint)];
    return [
      printable(model.id),
      stateOf(model, paint),
      `${replica.running_requests} of ${replica.slots}`,
      String(replica.context_length),
      bytes(replica.memory_bytes),
      replica.gpu_layers === 0 ? "none" : `${replica.gpu_layers} layers, ${bytes(replica.gpu_memory_bytes)}`,
      String(replica.restarts),
      replica.last_used_at === null ? "never" : ago(replica.last_used_at, now),
    ];
  });
  return table([["MODEL", "STATE", "BUSY SLOTS", "CONTEXT", "MEMORY", "GPU", "RESTARTS", "LAST USED"], ...rows]);
}

/** What could be pulled. */
export function catalogTable(entries: readonly CatalogEntry[], { paint }: Look): string {
  const rows = entries.map((entry) => [
    entry.id,
    entry.aliases.join(", "),
    entry.parameters,
    bytes(entry.size_bytes),
    String(entry.context_length),
    entry.licence_must_be_accepted ? `${entry.licence} (to be accepted)` : entry.licence,
    entry.installed ? paint("green", "installed") : entry.fits ? "fits" : paint("yellow", "too large"),
  ]);
  return table([["MODEL", "ALIASES", "PARAMETERS", "SIZE", "CONTEXT", "LICENCE", "HERE"], ...rows]);
}

function stateOf({ state, reason, pinned }: InstalledModel, paint: Paint): string {
  const colour = COLOUR_OF_STATE[state];
  const word = colour === undefined ? state : paint(colour, state);
  return `${word}${pinned ? ", pinned" : ""}${reason === null ? "" : `: ${printable(reason).replaceAll("\n", " ")}`}`;
}
