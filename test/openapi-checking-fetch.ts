import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { readInferencePath } from "../packages/platform/src/http/base-path.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface CheckedFetch {
  readonly fetch: Fetch;
  /** Everything that was not as the document says; also thrown, but a client may swallow that. */
  readonly violations: string[];
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, unknown>> }>>;
}

/** What an answer has to be. */
interface Expectation {
  readonly answer: ValidateFunction;
  /** What a stream carries when it fails in the middle. */
  readonly failure: ValidateFunction;
}

interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** A response that the served OpenAPI document does not describe. */
class OpenApiViolation extends Error {
  override readonly name = "OpenApiViolation";
}

/** A `fetch` that checks every answer of the platform against the OpenAPI document that the platform serves. */
export async function openApiCheckingFetch(platformUrl: string): Promise<CheckedFetch> {
  // A test may put the checking one in its place.
  const { fetch } = globalThis;
  const document: unknown = await (await fetch(new URL("/openapi.json", platformUrl))).json();
  const contract = new Contract(document);
  const violations: string[] = [];

  const checkedFetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const where = `${request.method} ${url.pathname}`;
    const violate = (what: string): OpenApiViolation => {
      violations.push(`${where}: ${what}`);
      return new OpenApiViolation(`${where}: ${what}`);
    };
    const response = await fetch(input, init);
    if (!/^req_[0-9a-f]{32}$/.test(response.headers.get("x-request-id") ?? "")) throw violate("there is no x-request-id");

    const type = response.headers.get("content-type")?.split(";", 1)[0] ?? "";
    const format = request.headers.has("anthropic-version") ? "anthropic" : "openai";
    const expected = contract.find({ method: request.method, pathname: url.pathname, format }, response.status, type);
    if (expected === undefined) throw violate(`status ${response.status} with ${type || "no body"} is not described`);
    if (type === "text/event-stream") {
      const body = response.body?.pipeThrough(checkFrames(expected, violate));
      return new Response(body ?? null, response);
    }
    const text = await response.text();
    if (request.method === "HEAD") {
      if (text !== "") throw violate("an answer to HEAD has a body");
    } else {
      const fault = faultOf(text, expected.answer);
      if (fault !== undefined) throw violate(`status ${response.status}: ${fault}`);
    }
    return new Response(request.method === "HEAD" ? null : text, response);
  };
  return { fetch: checkedFetch, violations };
}

/** Schemas by operation, status and media type. */
class Contract {
  readonly #ajv: Ajv2020;
  readonly #operations: readonly {
    readonly pattern: RegExp;
    readonly path: string;
    readonly methods: Readonly<Record<string, Operation>>;
  }[];

  constructor(document: unknown) {
    if (!isOpenApiDocument(document)) throw new Error("/openapi.json is no OpenAPI document.");
    // The document is no schema itself, so its own keywords are unknown to ajv.
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, DOCUMENT);
    this.#operations = Object.entries(document.paths).map(([path, methods]) => ({ path, methods, pattern: patternOf(path) }));
  }

  /**
   * Every form of the base URL means the path that the document has. What fails looks as any operation of its path says, also where the
   * method is none of them.
   */
  find({ method, pathname, format }: Asked, status: number, type: string): Expectation | undefined {
    const path = readInferencePath(pathname)?.url ?? pathname;
    const described = this.#operations.find(({ pattern }) => pattern.test(path));
    if (described === undefined) return isFailure(status, type) ? this.#expect(this.#compile(UNDESCRIBED_FAILURES[format])) : undefined;

    const asked = method === "HEAD" ? "get" : method.toLowerCase();
    const name = asked in described.methods ? asked : (Object.keys(described.methods)[0] ?? asked);
    const responses = `paths/${pointerPart(described.path)}/${name}/responses`;
    const failure = this.#compile(`${responses}/default/content/${pointerPart("application/json")}/schema`);
    if (name === asked && described.methods[name]?.responses[status]?.content[type] !== undefined) {
      return this.#expect(this.#compile(`${responses}/${status}/content/${pointerPart(type)}/schema`), failure);
    }
    return isFailure(status, type) ? this.#expect(failure) : undefined;
  }

  #expect(answer: ValidateFunction, failure = answer): Expectation {
    return { answer, failure };
  }

  #compile(pointer: string): ValidateFunction {
    const validate = this.#ajv.getSchema(`${DOCUMENT}#/${pointer}`);
    if (validate === undefined) throw new Error(`The OpenAPI document has no ${pointer}.`);
    return validate;
  }
}

const DOCUMENT = "openapi.json";
/** Where no operation is: what operations fail with that clients of such a format call. */
const UNDESCRIBED_FAILURES = {
  openai: `paths/${pointerPart("/health")}/get/responses/default/content/${pointerPart("application/json")}/schema`,
  anthropic: `paths/${pointerPart("/v1/messages")}/post/responses/default/content/${pointerPart("application/json")}/schema`,
};

interface Asked {
  readonly method: string;
  readonly pathname: string;
  /** What its client looks for in failures. */
  readonly format: keyof typeof UNDESCRIBED_FAILURES;
}

/** How streams of named events end; those without names end with `[DONE]`. */
const LAST_EVENTS: ReadonlySet<string> = new Set(["error", "message_stop", "response.completed", "response.failed", "response.incomplete"]);

/** Passes the bytes of an event stream on and looks at each frame on the way. */
function checkFrames(
  { answer, failure }: Expectation,
  violate: (what: string) => OpenApiViolation,
): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let end: string | undefined;

  const checkFrame = (frame: string): void => {
    // A comment that keeps the line alive.
    if (frame.startsWith(": ")) return;
    if (end !== undefined) throw violate(`a frame follows ${end}: ${frame}`);
    const { event, data } = /^(?:event: (?<event>\S+)\n)?data: (?<data>[^\n]+)$/.exec(frame)?.groups ?? {};
    if (data === undefined) throw violate(`a frame is no single line of data, named or not: ${frame}`);
    if (data === "[DONE]" && event === undefined) {
      end = data;
      return;
    }
    const isError = event === "error" || (event === undefined && data.startsWith('{"error"'));
    if (isError) end = "error";
    else if (event !== undefined && LAST_EVENTS.has(event)) end = event;
    const fault = faultOf(data, answer);
    // A failure may be one of the events that the stream has anyway.
    if (fault !== undefined && (!isError || faultOf(data, failure) !== undefined)) throw violate(fault);
    if (event !== typeOf(data)) throw violate(`the event's name is not its type: ${frame}`);
  };

  return new TransformStream({
    transform(bytes, controller) {
      const frames = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) checkFrame(frame);
      controller.enqueue(bytes);
    },
    flush() {
      if (rest !== "") throw violate(`the stream ends in the middle of a frame: ${rest}`);
      if (end === undefined) throw violate("the stream ends without [DONE], a last event or an error");
    },
  });
}

/** Of the events that have names: Anthropic's, and those of the Responses API. */
function typeOf(data: string): unknown {
  const { type }: { type?: unknown } = Object(JSON.parse(data));
  return type;
}

function isFailure(status: number, type: string): boolean {
  return status >= 400 && type === "application/json";
}

function faultOf(text: string, validate: ValidateFunction): string | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return `this is no JSON: ${text}`;
  }
  if (validate(json)) return undefined;
  const faults = (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
  return `${faults.join("; ")} in ${text}`;
}

/** Ids of models hold slashes, escaped or not. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace("{model}", ".+").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

function pointerPart(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function isOpenApiDocument(value: unknown): value is OpenApiDocument {
  return typeof value === "object" && value !== null && "openapi" in value && "paths" in value && typeof value.paths === "object";
}
