import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const CGROUPS = "/sys/fs/cgroup";

/** How many cores the control groups of this process let it use at once; undefined where they set no limit. A container's `--cpus 1.5` is 1.5. */
export async function readCpuQuota(): Promise<number | undefined> {
  const memberships = parseMemberships(await readIfThere("/proc/self/cgroup"));
  const quotas = await Promise.all([
    ...withParents(memberships.unified).map(async (path) => parseCpuMax(await readIfThere(join(CGROUPS, path, "cpu.max")))),
    ...withParents(memberships.cpu).map(async (path) => {
      const folder = join(CGROUPS, "cpu", path);
      const [quota, period] = await Promise.all(["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((file) => readIfThere(join(folder, file))));
      return parseCfsQuota(quota ?? "", period ?? "");
    }),
  ]);
  const limits = quotas.filter((quota) => quota !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Version 2: `max 100000` or `150000 100000`, both in microseconds. */
export function parseCpuMax(text: string): number | undefined {
  const [quota = "", period = ""] = text.trim().split(/\s+/);
  return parseCfsQuota(quota, period);
}

/** Version 1: a quota of -1 is none. */
export function parseCfsQuota(quota: string, period: string): number | undefined {
  const [used, of] = [quota, period].map((text) => (/^\d+$/.test(text.trim()) ? Number(text) : 0));
  return used === undefined || of === undefined || used === 0 || of === 0 ? undefined : used / of;
}

/** `/proc/self/cgroup` has a line `number:controllers:path` for each hierarchy; version 2 has number 0 and no controllers. */
export function parseMemberships(text: string): { readonly unified: string | undefined; readonly cpu: string | undefined } {
  const lines = text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers: controllers.split(","), path }];
  });
  return {
    unified: lines.find(({ controllers }) => controllers.includes(""))?.path,
    cpu: lines.find(({ controllers }) => controllers.includes("cpu"))?.path,
  };
}

/** A limit of a parent counts for its children. In a container the path may be the host's, of which only the root is visible: `/` is always among them. */
function withParents(path: string | undefined): string[] {
  if (path === undefined) return [];
  const paths = [path];
  for (let at = path; at !== "/"; ) {
    at = dirname(at);
    paths.push(at);
  }
  return paths;
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
