import { readFile } from "node:fs/promises";
import { reasonOf } from "@bonfire/platform/models/artifact-error";
import pg from "pg";
import { z } from "zod";
import { type Check, type Finding, failed, ok, skipped, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { asRoot, quote, unsetSetting } from "../shell.ts";

export const externalDatabase: readonly Check<DoctorContext>[] = [
  { name: "database", question: "Does the PostgreSQL of DATABASE_URL answer, and is it new enough?", run: onlyExternal(checkVersion) },
  { name: "database rights", question: "May Bonfire make its tables there?", needs: ["database"], run: onlyExternal(checkRights) },
  { name: "database schema", question: "Is its schema one that this version knows?", needs: ["database"], run: onlyExternal(checkSchema) },
  { name: "database clock", question: "Do its clock and this one agree?", needs: ["database"], run: onlyExternal(checkClock) },
];

/** As `server_version_num` tells it. */
const OLDEST_VERSION = 140_000;
/** Beyond this, budgets and limits of a minute count wrongly. */
const LARGEST_SKEW_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;

const databaseFacts = z.object({
  version: z.int(),
  version_name: z.string(),
  user_name: z.string(),
  database: z.string(),
  may_create_schema: z.boolean(),
  may_create_tables: z.boolean(),
  is_read_only: z.boolean(),
  now_ms: z.number(),
  has_schema: z.boolean(),
});
export type DatabaseFacts = z.infer<typeof databaseFacts>;

const FACTS = `select current_setting('server_version_num')::int as version, current_setting('server_version') as version_name,
  current_user as user_name, current_database() as database,
  has_database_privilege(current_database(), 'CREATE') as may_create_schema,
  coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'CREATE'), false) as may_create_tables,
  pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as is_read_only,
  extract(epoch from clock_timestamp())::float8 * 1000 as now_ms,
  to_regclass('drizzle.__drizzle_migrations') is not null as has_schema`;

type Look = (context: DoctorContext, client: pg.Client) => Promise<Finding>;

function onlyExternal(look: Look): Check<DoctorContext>["run"] {
  return async (context) => {
    const { databaseUrl, settings } = context.config;
    if (databaseUrl === undefined) return skipped("the database of Bonfire's own is used");
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CONNECT_TIMEOUT_MS,
    });
    // Told by the query that it interrupts.
    client.on("error", () => undefined);
    const where = `${client.host} port ${client.port}`;
    try {
      await client.connect();
    } catch (error) {
      return failed(`the database at ${where} cannot be reached: ${reasonOf(error)}`, {
        why: "Better start that server or correct the URL. Without it Bonfire's own database makes do, which has keys of its own.",
        command: unsetSetting(settings.sources, "database.url"),
      });
    }
    try {
      return await look(context, client);
    } finally {
      await client.end();
    }
  };
}

async function askFacts(client: pg.Client): Promise<DatabaseFacts> {
  const { rows } = await client.query<Record<string, unknown>>(FACTS);
  return databaseFacts.parse(rows[0]);
}

async function checkVersion(context: DoctorContext, client: pg.Client): Promise<Finding> {
  return judgeVersion(await askFacts(client), unsetSetting(context.config.settings.sources, "database.url"));
}

/** Whether the server is new enough. @param withoutIt the command that goes back to Bonfire's own database. */
export function judgeVersion({ version, version_name, database }: DatabaseFacts, withoutIt: string): Finding {
  if (version >= OLDEST_VERSION) return ok(`PostgreSQL ${version_name}, database ${database}`);
  return failed(`the server is PostgreSQL ${version_name}; 14 or newer is needed`, {
    why: "Better upgrade that server. Without it Bonfire's own database makes do, which has keys of its own.",
    command: withoutIt,
  });
}

async function checkRights(context: DoctorContext, client: pg.Client): Promise<Finding> {
  const facts = await askFacts(client);
  const { database, user_name: user } = facts;
  const { settings } = context.config;
  if (facts.is_read_only) {
    return failed(`database ${database} can only be read: it is a standby, or set so`, {
      why: "Better name the primary server in DATABASE_URL. Without it Bonfire's own database makes do, which has keys of its own.",
      command: unsetSetting(settings.sources, "database.url"),
    });
  }
  if (facts.may_create_schema && facts.may_create_tables) return ok(`user ${user} may make tables`);
  const [db, role] = [pg.escapeIdentifier(database), pg.escapeIdentifier(user)];
  const grants = `grant create on database ${db} to ${role}; grant create, usage on schema public to ${role}`;
  const asPostgres = context.machine.uid === 0 ? "su postgres -c" : "sudo -u postgres sh -c";
  return failed(`user ${user} may not make tables in database ${database}`, {
    why: "On the database's machine, as its superuser: lets that user make them.",
    command: `${asPostgres} ${quote(`psql -d ${quote(database)} -c ${quote(grants)}`)}`,
  });
}

async function checkSchema(_context: DoctorContext, client: pg.Client): Promise<Finding> {
  if (!(await askFacts(client)).has_schema) return ok("it is made at the first start");
  const { rows } = await client.query<{ newest: string | null }>(
    "select max(created_at)::text as newest from drizzle.__drizzle_migrations",
  );
  const applied = Number(rows[0]?.newest ?? 0);
  if (applied <= (await newestMigration())) return ok("this version knows it");
  return failed("it was written by a newer version of Bonfire", {
    why: "Takes the newest version of this clone. Or restore a backup from before the upgrade.",
    command: "git pull && npm run setup",
  });
}

async function checkClock(context: DoctorContext, client: pg.Client): Promise<Finding> {
  const { now_ms: there } = await askFacts(client);
  const skew = Math.abs(there - context.machine.now());
  if (skew <= LARGEST_SKEW_MS) return ok("they agree");
  return warning(`they differ by ${Math.round(skew / 1_000)} s: limits and budgets would count wrongly`, {
    why: "Sets this machine's clock by the network; do the same on the database's machine.",
    command: asRoot(context.machine, "timedatectl set-ntp true"),
  });
}

/** The journal of the migrations, the same place seen from `src/` and from `dist/`. */
const JOURNAL = new URL("../../../../platform/migrations/meta/_journal.json", import.meta.url);
const journal = z.object({ entries: z.array(z.object({ when: z.number() })) });

/** When the newest migration of this version was made, as the database notes it: milliseconds since 1970. */
async function newestMigration(): Promise<number> {
  const { entries } = journal.parse(JSON.parse(await readFile(JOURNAL, "utf8")));
  return Math.max(...entries.map(({ when }) => when));
}
