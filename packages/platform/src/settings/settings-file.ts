import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from "yaml";
import { SETTINGS } from "./settings.ts";

interface FileValue {
  readonly value: unknown;
  /** Of the value, 1-based. */
  readonly line: number;
}

export interface SettingsFile {
  /** By the path of the setting, or of what stands where a setting should. */
  readonly values: ReadonlyMap<string, FileValue>;
  readonly faults: readonly string[];
}

/** Reads bonfire.yaml: which value stands at which path, and on which line. Whether the paths are settings is not asked here. */
export function parseSettingsFile(text: string): SettingsFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number | undefined) => lines.linePos(offset ?? 0).line;
  const values = new Map<string, FileValue>();
  const faults = document.errors.map(({ message, pos }) => `line ${lineAt(pos[0])}: ${message}`);

  const walk = (map: YAMLMap, prefix: string): void => {
    for (const { key, value } of map.items) {
      const path = prefix + String(isScalar(key) ? key.value : key);
      if (isMap(value) && !(path in SETTINGS)) {
        walk(value, `${path}.`);
        continue;
      }
      // `server:` with nothing below it.
      if (value === null || (isScalar(value) && value.value === null)) continue;
      const node = isScalar(key) ? key : undefined;
      values.set(path, { value: toPlain(value, document), line: lineAt(node?.range?.[0]) });
    }
  };
  if (isMap(document.contents)) walk(document.contents, "");
  else if (document.contents !== null && faults.length === 0) faults.push("line 1: expected settings, such as `server: {port: 8080}`");
  return { values, faults };
}

function toPlain(value: unknown, document: ReturnType<typeof parseDocument>): unknown {
  return typeof value === "object" && value !== null && "toJS" in value && typeof value.toJS === "function" ? value.toJS(document) : value;
}
