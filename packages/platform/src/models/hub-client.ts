import { z } from "zod";
import {
  type Connections,
  type FollowedResponse,
  HttpStatusError,
  type OriginToken,
  readJson,
  requestFollowing,
  withConnections,
} from "../egress/download-http.ts";
import type { ProxySettings } from "../egress/proxy-settings.ts";
import { huggingFaceReason } from "./artifact-error.ts";
import type { Expected } from "./verified-file.ts";

/** Hugging Face or a mirror of it. */
export interface HubSettings {
  readonly endpoint: string;
  readonly token?: string | undefined;
  /** The way there, and to everything else that is downloaded. */
  readonly proxy?: ProxySettings | undefined;
}

/** A file of a repository. `sha256` is absent where the hub keeps the file in git itself. */
export interface HubFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256?: string | undefined;
}

interface HubListing {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** As the repository's card names it: `apache-2.0`, `gemma`. */
  readonly licence?: string | undefined;
}

const revisionSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/), tags: z.array(z.string()).optional() });
const treeSchema = z.array(
  z.object({
    type: z.string(),
    // It becomes a path on this machine.
    path: z
      .string()
      .refine((path) => !path.includes("\\") && !path.split("/").some((part) => part === ".." || part === ""), "a relative path"),
    size: z.int().nonnegative().optional(),
    lfs: z.object({ oid: z.string(), size: z.int().nonnegative() }).optional(),
  }),
);
const SHA256 = /^[0-9a-f]{64}$/;
/** A thousand entries each; more than this is no repository of one model. */
const MAX_PAGES = 100;
const MAX_LISTING_BYTES = 64 * 1024 * 1024;

/** The repository could not be asked; the message says what to do about it. */
class HubError extends Error {
  override readonly name = "HubError";
}

/** Base URL of a repository's pages and files. */
export function repositoryUrl({ endpoint }: HubSettings, repo: string): string {
  return `${endpoint.replace(/\/+$/, "")}/${repo}`;
}

/** URL of one file's bytes at a revision. */
export function fileUrl(hub: HubSettings, { repo, revision, path }: { repo: string; revision: string; path: string }): string {
  const file = path.split("/").map(encodeURIComponent).join("/");
  return `${repositoryUrl(hub, repo)}/resolve/${encodeURIComponent(revision)}/${file}`;
}

/** The token, bound to the hub's own origin. */
export function hubAuthorization({ endpoint, token }: HubSettings): OriginToken | undefined {
  return token === undefined ? undefined : { origin: new URL(endpoint).origin, token };
}

/**
 * Resolves a revision (branch, tag, commit) and lists its files.
 * @throws HubError, or the signal's reason.
 */
export async function listRepository(hub: HubSettings, repo: string, revision: string, signal: AbortSignal): Promise<HubListing> {
  const api = `${hub.endpoint.replace(/\/+$/, "")}/api/models/${repo}`;
  try {
    return await withConnections(async (dispatcher) => {
      const asking = { hub, dispatcher, signal };
      const { value } = await getJson(`${api}/revision/${encodeURIComponent(revision)}`, revisionSchema, asking);
      const licence = value.tags?.find((tag) => tag.startsWith("license:"))?.slice("license:".length);
      return { commit: value.sha, files: await listTree(`${api}/tree/${value.sha}?recursive=true`, asking), licence };
    }, hub.proxy);
  } catch (error) {
    signal.throwIfAborted();
    const where = repositoryUrl(hub, repo);
    const reason =
      error instanceof HttpStatusError && error.status === 404
        ? `${error.message}: no repository ${where}, or no revision ${revision} in it`
        : huggingFaceReason(error, where, hub.token !== undefined);
    throw new HubError(reason, { cause: error });
  }
}

interface Asking {
  readonly hub: HubSettings;
  readonly dispatcher: Connections;
  readonly signal: AbortSignal;
}

async function listTree(firstPage: string, asking: Asking): Promise<readonly HubFile[]> {
  const files: HubFile[] = [];
  let next: string | undefined = firstPage;
  for (let page = 0; next !== undefined; page += 1) {
    if (page === MAX_PAGES) throw new Error(`more than ${MAX_PAGES} pages of files`);
    const { value, response }: { value: z.infer<typeof treeSchema>; response: FollowedResponse } = await getJson(next, treeSchema, asking);
    for (const { type, path, size, lfs } of value) {
      if (type !== "file") continue;
      const sha256 = lfs !== undefined && SHA256.test(lfs.oid) ? lfs.oid : undefined;
      files.push({ path, sizeBytes: lfs?.size ?? size ?? 0, sha256 });
    }
    next = nextPage(response);
  }
  return files;
}

/** `<url>; rel="next"` among the links of RFC 8288. */
function nextPage({ headers, url }: FollowedResponse): string | undefined {
  const link = String(headers.link ?? "");
  const target = /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(link)?.[1];
  return target === undefined ? undefined : new URL(target, url).href;
}

async function getJson<T>(url: string, schema: z.ZodType<T>, asking: Asking): Promise<{ value: T; response: FollowedResponse }> {
  const { hub, dispatcher, signal } = asking;
  const response = await requestFollowing({ url, method: "GET", authorization: hubAuthorization(hub), signal, dispatcher });
  if (response.statusCode !== 200) {
    await response.body.dump();
    throw new HttpStatusError(response.statusCode, response.url);
  }
  const parsed = schema.safeParse(await readJson(response, MAX_LISTING_BYTES));
  if (!parsed.success) throw new Error(`${response.url.host} gave an answer of another form than the hub's`, { cause: parsed.error });
  return { value: parsed.data, response };
}

/**
 * What a server says of a file before it is fetched: the hub's own headers for files that it keeps elsewhere, or the length of the file.
 * @throws HttpStatusError, a network error, or the signal's reason.
 */
export async function describeFile(url: string, hub: HubSettings, signal: AbortSignal): Promise<Expected> {
  return withConnections(async (dispatcher) => {
    // The hub says it together with its redirect; the host of the bytes does not know it.
    const stopAt = ({ headers }: FollowedResponse) => headers["x-linked-etag"] !== undefined;
    const response = await requestFollowing({ url, method: "HEAD", authorization: hubAuthorization(hub), signal, dispatcher, stopAt });
    await response.body.dump();
    const { headers, statusCode } = response;
    if (statusCode >= 400) throw new HttpStatusError(statusCode, response.url);
    const etag = String(headers["x-linked-etag"] ?? "").replace(/^(?:W\/)?"(.*)"$/, "$1");
    const length = headers["x-linked-size"] ?? (statusCode === 200 ? headers["content-length"] : undefined);
    return {
      sizeBytes: typeof length === "string" && /^\d+$/.test(length) ? Number(length) : undefined,
      sha256: SHA256.test(etag) ? etag : undefined,
    };
  }, hub.proxy);
}
