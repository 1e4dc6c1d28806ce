import type { Dialect } from "@bonfire/protocol/dialect";
import { type ApiKey, apiKeyList, createdKey, type KeyRole, revokedKey } from "@bonfire/protocol/keys";
import { callAdmin } from "./admin-client.ts";
import { dateTime } from "./amounts.ts";
import type { Connection } from "./platform-connection.ts";
import { BONFIRE } from "./program-name.ts";
import { print, printable, printJson, remark, table } from "./terminal-text.ts";

interface Output extends Connection {
  readonly json?: boolean;
}

/** The secret alone goes to stdout, so that `KEY=$(bonfire keys create app)` works. */
export async function createKey(name: string, options: Output & { readonly role: KeyRole; readonly dialect?: Dialect }): Promise<void> {
  const { role, dialect } = options;
  const key = await callAdmin({ method: "POST", path: "/keys", body: { name, role, dialect }, answer: createdKey }, options);
  if (options.json === true) return printJson(key);
  remark(`${key.id} (${key.role}) was created. Its secret is shown only now:`);
  print(key.key);
}

export async function listKeys(options: Output): Promise<void> {
  const keys = await allKeys(options);
  if (options.json === true) return printJson(keys);
  if (keys.length === 0) return print(`There are no keys yet. Create one: ${BONFIRE} keys create NAME`);
  const rows = keys.map((key) => [
    key.id,
    `${key.prefix}…`,
    key.role,
    key.dialect ?? "any",
    dateTime(key.created_at),
    key.revoked_at === null ? "valid" : `revoked ${dateTime(key.revoked_at)}`,
    printable(key.name),
  ]);
  print(table([["ID", "KEY", "ROLE", "DIALECT", "CREATED", "STATE", "NAME"], ...rows]));
}

export async function revokeKey(id: string, options: Output): Promise<void> {
  const revoked = await callAdmin({ method: "DELETE", path: `/keys/${encodeURIComponent(id)}`, answer: revokedKey }, options);
  if (options.json === true) return printJson(revoked);
  print(`${id} is revoked.`);
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
