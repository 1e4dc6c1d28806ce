import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** What each folder of the platform may import, beside itself. `.` is the root: the wiring, which may import everything, and its settings. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ".": ["*"],
  access: ["protocol", "storage"],
  admission: ["protocol"],
  aliases: ["protocol", "storage"],
  caching: ["engine", "storage"],
  deployments: ["egress", "engine", "hardware"],
  dialects: ["engine", "grammars", "json-schemas", "protocol"],
  egress: ["engine", "processes", "protocol", "secrets"],
  endpoints: [
    ...["access", "aliases", "dialects", "engine", "observability", "protocol", "resources", "responses", "routing", "secrets", "serving"],
    "upstreams",
  ],
  engine: [],
  engines: ["dialects", "egress", "engine", "grammars", "processes", "protocol"],
  gateways: ["storage"],
  grammars: [],
  hardware: ["processes"],
  images: ["egress", "engine", "protocol"],
  "json-schemas": ["engine"],
  "local-models": ["deployments", "models", "protocol", "routing", "serving"],
  http: ["access", "dialects", "endpoints", "observability", "protocol"],
  metering: ["engine", "protocol", "storage"],
  models: ["egress", "processes"],
  observability: ["processes", "protocol"],
  processes: [],
  resources: ["protocol", "routing", "storage", "upstreams"],
  responses: ["dialects", "engine", "protocol", "storage"],
  routing: ["engine", "protocol", "storage"],
  secrets: ["processes"],
  serving: ["admission", "caching", "engine", "json-schemas", "metering", "observability", "protocol", "routing"],
  settings: ["access", "protocol"],
  storage: ["processes"],
  substrates: ["engine", "processes"],
  upstreams: ["engine", "protocol", "routing", "secrets", "storage"],
  workers: ["deployments", "engine", "engines", "observability", "processes", "routing", "serving"],
};

/** Test support may reach further: it builds real parts. */
const isTestCode = (path: string): boolean => path.endsWith(".test.ts") || path.includes("/testing/");

const ROOT = dirname(fileURLToPath(import.meta.url));
const PROTOCOL = resolve(ROOT, "../../protocol/src");
const IMPORT = /^(?:import|export)\b[^"';]*?from\s+"([^"]+)"|\bimport\("([^"]+)"\)|^import\s+"([^"]+)"/gm;

interface Arrow {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

function sources(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isTestCode(path));
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function folderOf(file: string): string {
  const [first, ...rest] = relative(ROOT, file).split("/");
  return rest.length === 0 || first === undefined ? "." : first;
}

function arrows(): Arrow[] {
  return sources(ROOT).flatMap((file) =>
    importsOf(file).flatMap((specifier): Arrow[] => {
      const from = folderOf(file);
      if (specifier.startsWith("@bonfire/protocol/")) return [{ file, from, to: "protocol" }];
      return specifier.startsWith(".") ? [{ file, from, to: folderOf(resolve(dirname(file), specifier)) }] : [];
    }),
  );
}

describe("the arrows between folders", () => {
  it("are all in the table", () => {
    const wrong = arrows().filter(({ from, to }) => from !== to && !ALLOWED[from]?.includes("*") && ALLOWED[from]?.includes(to) !== true);
    expect(wrong.map(({ file, to }) => `${relative(ROOT, file)} imports ${to}`)).toEqual([]);
  });

  it("leave no row of the table unused", () => {
    const drawn = new Set(arrows().map(({ from, to }) => `${from} → ${to}`));
    const unused = Object.entries(ALLOWED).flatMap(([from, targets]) =>
      targets.filter((to) => to !== "*" && !drawn.has(`${from} → ${to}`)).map((to) => `${from} → ${to}`),
    );
    expect(unused).toEqual([]);
  });

  it("never join two engines", () => {
    const between = sources(join(ROOT, "engines")).flatMap((file) => {
      const engine = relative(join(ROOT, "engines"), file).split("/")[0];
      return importsOf(file)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => relative(join(ROOT, "engines"), resolve(dirname(file), specifier)).split("/")[0] ?? "")
        .filter((other) => other !== ".." && other !== engine)
        .map((other) => `${engine} imports ${other}`);
    });
    expect(between).toEqual([]);
  });

  it("never lead out of the protocol", () => {
    const outside = sources(PROTOCOL).flatMap((file) =>
      importsOf(file).filter((specifier) => !specifier.startsWith("./") && !["zod", "uuid"].includes(specifier)),
    );
    expect(outside).toEqual([]);
  });

  it("reach Fastify and raw HTTP servers only in http/", () => {
    const elsewhere = sources(ROOT).filter((file) => folderOf(file) !== "http" && importsOf(file).includes("fastify"));
    expect(elsewhere.map((file) => relative(ROOT, file))).toEqual([]);
  });

  it("lead out of the process by HTTP only from egress/", () => {
    // Servers import node:http as well, but not what asks.
    const asks = /^import (?!type)[^;]*\b(?:request|get|Agent|ClientRequest|\* as \w+)\b[^;]*from "(?:node:)?https?"|from "undici"/m;
    const calls = /(?:\b(?:await|return|void)|=>?)\s*(?:globalThis\.)?fetch\(/;
    const senders = sources(ROOT).filter((file) => {
      const text = readFileSync(file, "utf8");
      return folderOf(file) !== "egress" && (asks.test(text) || calls.test(text));
    });
    // The exporter of traces is a library with a client of its own.
    expect(senders.map((file) => relative(ROOT, file))).toEqual(["observability/otlp-tracing.ts"]);
  });

  it("open and show sealed secrets only in egress/", () => {
    const openers = sources(ROOT).filter(
      (file) =>
        !["egress", "secrets"].includes(folderOf(file)) && /\bopenSecret\b|\.dataKeyOf\(|\.reveal\(/.test(readFileSync(file, "utf8")),
    );
    expect(openers.map((file) => relative(ROOT, file))).toEqual([]);
  });

  it("lead to open-secret.ts only from credentials", () => {
    const users = sources(ROOT).filter((file) => importsOf(file).some((specifier) => specifier.endsWith("/open-secret.ts")));
    expect(users.map((file) => relative(ROOT, file))).toEqual(["egress/credentials/make-credentials.ts"]);
  });

  it("begin transactions only by storage/transaction.ts, since drizzle's own can lose a connection", () => {
    const others = sources(ROOT).filter((file) => readFileSync(file, "utf8").includes(".transaction("));
    expect(others.map((file) => relative(ROOT, file))).toEqual([]);
  });

  it("read the environment only in config.ts", () => {
    const readers = sources(ROOT).filter((file) => readFileSync(file, "utf8").includes("process.env"));
    expect(readers.map((file) => relative(ROOT, file))).toEqual([]);
  });
});
