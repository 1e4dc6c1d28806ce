import { chown, readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { type ProcessExit, type ProcessPlan, startShimmed } from "../processes/shimmed-process.ts";
import { OWN_DATABASE } from "./postgres-failure.ts";

/** Ids of a user on disk. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom PostgreSQL runs as, because it refuses root: this user, an unprivileged one, or this user under another number in a user
 * namespace, where root is an ordinary user and the files still belong to root on disk. The unprivileged one may keep root's right to
 * pass closed folders, because a home is one; like the namespace, this satisfies PostgreSQL and confines it little.
 */
export type PostgresUser =
  | { readonly kind: "self"; readonly ids: UserIds }
  | { readonly kind: "other"; readonly ids: UserIds; readonly passesClosedFolders: boolean }
  | { readonly kind: "namespace"; readonly ids: UserIds; readonly mappedId: number };

interface PostgresCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Must be reachable for the user. */
  readonly cwd: string;
}

interface PostgresUserOptions {
  /** Exists; everything of the server lies below it. */
  readonly directory: string;
  /** Whom the data belongs to; undefined where there is none yet. */
  readonly dataOwner: UserIds | undefined;
  /** Absolute path of the program, which the user must be able to run. */
  readonly postgres: string;
  /** The user that became root. */
  readonly sudoUser: UserIds | undefined;
}

const NOBODY: UserIds = { uid: 65534, gid: 65534 };
const MEND = `Start Bonfire as an ordinary user, or set DATABASE_URL to use a PostgreSQL of your own.`;
const GRACE_MS = 5_000;

/** The programs get nothing else of the environment. The launcher reads some of their messages, so these are in English. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" };

/** @throws Error that says what to do, where no such user can be had. */
export async function choosePostgresUser(options: PostgresUserOptions): Promise<PostgresUser> {
  const ids = { uid: process.geteuid?.() ?? NOBODY.uid, gid: process.getegid?.() ?? NOBODY.gid };
  return ids.uid === 0 ? await chooseForRoot(ids, options) : await chooseForOrdinaryUser(ids, options);
}

async function chooseForRoot(root: UserIds, options: PostgresUserOptions): Promise<PostgresUser> {
  const { dataOwner, directory, sudoUser } = options;
  const namespace: PostgresUser = { kind: "namespace", ids: root, mappedId: await knownOrdinaryUser() };
  // Nobody else may have the data then; where it does not work, the server says why.
  if (dataOwner?.uid === 0) return namespace;
  const failures: string[] = [];
  if (dataOwner === undefined) {
    const failure = await reachFailure(namespace, options);
    if (failure === undefined) return namespace;
    failures.push(`${failure} (in a user namespace)`);
  }
  const ids = dataOwner ?? sudoUser ?? NOBODY;
  await chown(directory, ids.uid, ids.gid);
  for (const passesClosedFolders of [false, true]) {
    const other: PostgresUser = { kind: "other", ids, passesClosedFolders };
    const failure = await reachFailure(other, options);
    if (failure === undefined) return other;
    failures.push(`${failure} (as user ${ids.uid}${passesClosedFolders ? ", with setpriv" : ""})`);
  }
  if (dataOwner === undefined) await chown(directory, root.uid, root.gid);
  throw new Error(
    `PostgreSQL refuses to run as root, and no unprivileged user can reach its programs and ${directory}: ${failures.join("; ")}. ${MEND}`,
  );
}

async function chooseForOrdinaryUser(ids: UserIds, options: PostgresUserOptions): Promise<PostgresUser> {
  const { dataOwner, directory } = options;
  if (dataOwner !== undefined && dataOwner.uid !== ids.uid) {
    throw new Error(`The database in ${directory} belongs to user ${dataOwner.uid}: start Bonfire as that user. ${OWN_DATABASE}`);
  }
  // Only initdb wants to know the name of its user.
  if (dataOwner !== undefined || hasName()) return { kind: "self", ids };
  const namespace: PostgresUser = { kind: "namespace", ids, mappedId: await knownOrdinaryUser() };
  const failure = await reachFailure(namespace, options);
  if (failure === undefined) return namespace;
  throw new Error(`initdb needs a name for user ${ids.uid}: add one to /etc/passwd. ${OWN_DATABASE}`);
}

/** Containers are often started with a number that no user has. */
function hasName(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

/** initdb looks up the name of its user, so the number must be one that exists; which one makes no difference outside the namespace. */
async function knownOrdinaryUser(): Promise<number> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  const ids = passwd.split("\n").map((line) => Number(line.split(":")[2]));
  return ids.find((id) => Number.isInteger(id) && id > 0) ?? NOBODY.uid;
}

/** What keeps the user from writing to the folder and running the program; undefined when nothing does. */
async function reachFailure(user: PostgresUser, { directory, postgres }: PostgresUserOptions): Promise<string | undefined> {
  const script = 'cd "$1" && test -w . && exec "$2" --version';
  const exit = await runAs(user, { command: "/bin/sh", args: ["-c", script, "sh", directory, postgres], cwd: "/" });
  return exit.code === 0 ? undefined : exit.lastLines.join(" ") || `it ended with status ${exit.code}`;
}

/** Lets the user write to a folder of this process. */
export async function giveTo(user: PostgresUser, folder: string): Promise<void> {
  if (user.kind === "other") await chown(folder, user.ids.uid, user.ids.gid);
}

/** Runs a command to its end. */
export function runAs(user: PostgresUser, command: PostgresCommand): Promise<ProcessExit> {
  return startShimmed(planAs(user, command), () => undefined).exited;
}

export function planAs(user: PostgresUser, { command, args, cwd }: PostgresCommand): ProcessPlan {
  // SIGINT is the fast shutdown: sessions are ended, what is committed is kept.
  const plan: ProcessPlan = { command, args, cwd, env: ENVIRONMENT, stopSignal: "SIGINT", graceMs: GRACE_MS };
  if (user.kind === "self") return plan;
  // unshare and setpriv become the command, without a process in between that would keep signals from it.
  if (user.kind === "namespace") {
    const mapping = ["-U", `--map-user=${user.mappedId}`, `--map-group=${user.mappedId}`, "--"];
    return { ...plan, command: "unshare", args: [...mapping, command, ...args] };
  }
  if (!user.passesClosedFolders) return { ...plan, ...user.ids };
  const identity = [`--reuid=${user.ids.uid}`, `--regid=${user.ids.gid}`, "--clear-groups"];
  const capability = ["--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override", "--"];
  return { ...plan, command: "setpriv", args: [...identity, ...capability, command, ...args] };
}
