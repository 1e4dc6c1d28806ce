import { type Document, isMap, isScalar, parseDocument, type YAMLMap } from "yaml";

/** A place in the file: the keys from the outermost map inwards. `server.port` stands at `server` → `port`, or at the one key `server.port`. */
type Place = readonly string[];

/** A settings file as text with comments and order, in which single settings are written and removed. */
export class SettingsDocument {
  readonly #document: Document.Parsed;
  /** Whether lists in one line are written as `[ a ]` rather than `[a]`. */
  readonly #pads: boolean;

  /** @throws Error with what is wrong with the text */
  constructor(text: string) {
    this.#document = parseDocument(text);
    this.#pads = /[[{] /.test(text);
    const [fault] = this.#document.errors;
    if (fault !== undefined) throw fault;
    const { contents } = this.#document;
    if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.value === null)) {
      throw new Error("expected settings, such as `server: {port: 8080}`");
    }
  }

  has(path: string): boolean {
    return this.#placesOf(path).length > 0;
  }

  /** Where it stands already, however that is spelled; otherwise below its heading. */
  set(path: string, value: unknown): void {
    const place = this.#placesOf(path).at(-1) ?? this.#makeHeading(path.split("."));
    this.#document.setIn(place, this.#document.createNode(value));
  }

  /** A heading that nothing stands below any more goes too. */
  unset(path: string): void {
    for (const place of this.#placesOf(path)) {
      this.#document.deleteIn(place);
      for (let heading = place.slice(0, -1); heading.length > 0; heading = heading.slice(0, -1)) {
        const map = this.#document.getIn(heading);
        if (!isMap(map) || map.items.length > 0) break;
        this.#document.deleteIn(heading);
      }
    }
  }

  toString(): string {
    const { contents } = this.#document;
    if (isMap(contents) && contents.items.length === 0) this.#document.contents = null;
    const text = this.#document.toString({ lineWidth: 0, flowCollectionPadding: this.#pads });
    return this.#document.contents === null && text.trim() === "null" ? "" : text.replace(/^null\n/m, "");
  }

  #placesOf(path: string): Place[] {
    const { contents } = this.#document;
    return isMap(contents) ? [...placesIn(contents, path)] : [];
  }

  /** `server:` with nothing below it becomes a map, and keeps the comment beside it. */
  #makeHeading(place: Place): Place {
    for (let length = 1; length < place.length; length += 1) {
      const heading = place.slice(0, length);
      const found = this.#document.getIn(heading, true);
      if (!isScalar(found) || found.value !== null) continue;
      const map = this.#document.createNode({});
      map.commentBefore = found.comment ?? found.commentBefore ?? null;
      this.#document.setIn(heading, map);
    }
    return place;
  }
}

function* placesIn(map: YAMLMap, path: string): Generator<Place> {
  for (const { key, value } of map.items) {
    const name = String(isScalar(key) ? key.value : key);
    if (name === path) yield [name];
    else if (path.startsWith(`${name}.`) && isMap(value)) {
      for (const place of placesIn(value, path.slice(name.length + 1))) yield [name, ...place];
    }
  }
}
