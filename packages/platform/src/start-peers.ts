import { GatewayPeers } from "./gateways/gateway-peers.ts";
import { GatewayStore } from "./gateways/gateway-store.ts";
import type { Lifetime } from "./lifetime.ts";
import type { PlatformOptions } from "./platform-options.ts";
import type { Deployment } from "./routing/deployment.ts";
import type { DeploymentBoard } from "./routing/deployment-board.ts";
import { HealthMonitor } from "./serving/health-monitor.ts";
import type { DatabaseConnection } from "./storage/database.ts";

interface PeersOptions extends Pick<PlatformOptions, "logger"> {
  readonly connection: DatabaseConnection;
  /** Tells this gateway from all others. */
  readonly id: string;
  /** What a deployment is called among gateways. */
  readonly nameOf: (deployment: string) => string;
  readonly deployments: () => readonly Deployment[];
  readonly board: DeploymentBoard;
  /** When deployments were opened by failures that this gateway has seen, milliseconds since 1970 by name. */
  readonly openedHere: ReadonlyMap<string, number>;
  /** Called every second. */
  readonly onLook: () => void;
  readonly lifetime: Lifetime;
}

const HINT = "Another gateway found it failing.";

/** What this gateway hears of deployments other than by using them: from the other gateways, and by asking how they are. */
export function startPeers({
  connection,
  id,
  nameOf,
  deployments,
  board,
  openedHere,
  onLook,
  lifetime,
  logger,
}: PeersOptions): GatewayPeers {
  const peers = new GatewayPeers({
    store: new GatewayStore(connection.database),
    id,
    report: () => ({ inFlight: boundedLoads(deployments(), board, nameOf), openForMs: remaining(openedHere, nameOf) }),
    onReports: (reports) => {
      const now = Date.now();
      const known = new Map(deployments().map(({ name }) => [nameOf(name), name]));
      for (const { openForMs } of reports) {
        for (const [shared, ms] of Object.entries(openForMs)) {
          const name = known.get(shared);
          if (name !== undefined) board.of(name).hint({ retryAtMs: now + ms, message: HINT, retryClass: undefined }, now);
        }
      }
    },
    onFailure: (error) => logger.debug({ err: error }, "the other gateways cannot be heard while the database is away"),
  });
  void connection.ready.then(() => peers.start());
  lifetime.add("other gateways", () => peers.stop());
  const monitor = new HealthMonitor({ deployments, board, onLook });
  monitor.start();
  lifetime.add("health checks", async () => monitor.stop());
  return peers;
}

/** Only what takes a bounded number of requests has to be shared out. One that rests for a moment keeps what it used in the last second. */
function boundedLoads(
  deployments: readonly Deployment[],
  board: DeploymentBoard,
  nameOf: (deployment: string) => string,
): Record<string, number> {
  const bounded = deployments.filter(({ maxConcurrent }) => maxConcurrent !== undefined);
  return Object.fromEntries(bounded.map(({ name }) => [nameOf(name), board.find(name)?.takePeak() ?? 0]));
}

function remaining(until: ReadonlyMap<string, number>, nameOf: (deployment: string) => string): Record<string, number> {
  const now = Date.now();
  return Object.fromEntries([...until].flatMap(([name, at]) => (at > now ? [[nameOf(name), at - now]] : [])));
}
