// Where models, engines and Python environments are kept, shared by all clones of this user. The platform follows the same rule.
import os from "node:os";
import path from "node:path";

export function cacheFolder(env = process.env, platform = process.platform, home = os.homedir()) {
  if (env.BONFIRE_CACHE) return path.resolve(env.BONFIRE_CACHE);
  if (platform === "darwin") return path.join(home, "Library", "Caches", "bonfire");
  if (platform === "win32") return path.join(env.LOCALAPPDATA || path.join(home, "AppData", "Local"), "bonfire", "cache");
  return path.resolve(env.XDG_CACHE_HOME || path.join(home, ".cache"), "bonfire");
}
