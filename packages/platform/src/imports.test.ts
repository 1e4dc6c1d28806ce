import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** What each folder of the platform may import, beside itself. `.` is the root: the wiring, which may import everything, and its settings. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ".": ["*"],
  access: ["protocol", "storage"],
  aliases: ["protocol", "storage"],
  deployments: ["engine", "hardware"],
  dialects: ["engine", "grammars", "json-schemas", "protocol"],
  egress: ["engine", "processes"],
  endpoints: ["access", "aliases", "dialects", "engine", "observability", "protocol", "responses", "serving"],
  engine: [],
  engines: ["dialects", "egress", "engine", "grammars", "processes"],
  grammars: [],
  hardware: ["processes"],
  images: ["egress", "engine", "protocol"],
  "json-schemas": ["engine"],
  "local-models": ["deployments", "models", "protocol", "serving"],
  http: ["access", "dialects", "endpoints", "observability", "protocol"],
  metering: ["engine", "protocol", "storage"],
  models: ["processes"],
  observability: ["processes"],
  processes: [],
  responses: ["dialects", "engine", "protocol", "storage"],
  serving: ["engine", "json-schemas", "metering", "observability", "protocol"],
  settings: ["access"],
  storage: ["processes"],
  substrates: ["engine", "processes"],
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

  it("begin transactions only by storage/transaction.ts, since drizzle's own can lose a connection", () => {
    const others = sources(ROOT).filter((file) => readFileSync(file, "utf8").includes(".transaction("));
    expect(others.map((file) => relative(ROOT, file))).toEqual([]);
  });

  it("read the environment only in config.ts", () => {
    const readers = sources(ROOT).filter((file) => readFileSync(file, "utf8").includes("process.env"));
    expect(readers.map((file) => relative(ROOT, file))).toEqual([]);
  });
});
