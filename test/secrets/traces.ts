import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";

/** What a dump of the database would hold. */
export async function everyRow(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ text: string }>(
      `select query_to_xml(format('select * from %I.%I', schemaname, tablename), true, false, '')::text as text from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    return rows.map(({ text }) => text).join("\n");
  } finally {
    await client.end();
  }
}

/** Files below a folder that hold a text; of PostgreSQL's, those as they lie on the disk. */
export function filesWith(text: string, directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
