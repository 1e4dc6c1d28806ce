import { type ApiKey, apiKeyList, createdKey, keyRole, revokedKey } from "@bonfire/protocol/keys";
import { type Connection, callAdmin } from "./admin-client.ts";
import { CliError, EXIT } from "./exit.ts";

interface Output extends Connection {
  readonly json?: boolean;
}

/** The secret alone goes to stdout, so that `KEY=$(bonfire keys create app)` works. */
export async function createKey(name: string, options: Output & { readonly role?: string }): Promise<void> {
  const role = keyRole.safeParse(options.role);
  if (!role.success) throw new CliError(`--role is "${options.role}"; it can be ${keyRole.options.join(" or ")}.`, EXIT.usage);
  const key = await callAdmin({ method: "POST", path: "/keys", body: { name, role: role.data }, answer: createdKey }, options);
  if (options.json === true) return print(JSON.stringify(key, null, 2));
  process.stderr.write(`${key.id} (${key.role}) was created. Its secret is shown only now:\n`);
  print(key.key);
}

export async function listKeys(options: Output): Promise<void> {
  const keys = await allKeys(options);
  if (options.json === true) return print(JSON.stringify(keys, null, 2));
  if (keys.length === 0) return print("There are no keys yet. Create one: bonfire keys create NAME");
  const rows = keys.map((key) => [
    key.id,
    `${key.prefix}…`,
    key.role,
    date(key.created_at),
    key.revoked_at === null ? "valid" : `revoked ${date(key.revoked_at)}`,
    key.name,
  ]);
  print(table([["ID", "KEY", "ROLE", "CREATED", "STATE", "NAME"], ...rows]));
}

export async function revokeKey(id: string, options: Output): Promise<void> {
  const revoked = await callAdmin({ method: "DELETE", path: `/keys/${encodeURIComponent(id)}`, answer: revokedKey }, options);
  print(options.json === true ? JSON.stringify(revoked, null, 2) : `${id} is revoked.`);
}

async function allKeys(options: Output): Promise<ApiKey[]> {
  const keys: ApiKey[] = [];
  for (let after = ""; ; ) {
    const page = await callAdmin({ method: "GET", path: `/keys?limit=100${after}`, answer: apiKeyList }, options);
    keys.push(...page.data);
    if (!page.has_more || page.last_id === null) return keys;
    after = `&after=${encodeURIComponent(page.last_id)}`;
  }
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function date(unixSeconds: number): string {
  return new Date(unixSeconds * 1_000).toISOString().slice(0, 16).replace("T", " ");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
