// Where models, engines and Python environments are kept, shared by all clones of this user. The platform follows the same rule.
import os from "node:os";
import path from "node:path";

export function cacheFolder(env = process.env, platform = process.platform, home = os.homedir()) {
  if (env.BONFIRE_CACHE) return path.resolve(env.BONFIRE_CACHE);
  if (platform === "darwin") return path.join(home, "Library", "Caches", "bonfire");
  if (platform === "win32") return path.join(env.LOCALAPPDATA || path.join(home, "AppData", "Local"), "bonfire", "cache");
  // An XDG folder counts only when it is absolute, says its specification.
  const shared = env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : path.join(home, ".cache");
  return path.join(shared, "bonfire");
}
