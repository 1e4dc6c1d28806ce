import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface CheckedFetch {
  readonly fetch: Fetch;
  /** Everything that was not as the document says; also thrown, but a client may swallow that. */
  readonly violations: string[];
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, unknown>> }>>;
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
    const validate = contract.find(request.method, url.pathname, response.status, type);
    if (validate === undefined) throw violate(`status ${response.status} with ${type || "no body"} is not described`);
    if (type === "text/event-stream") {
      const body = response.body?.pipeThrough(checkFrames(validate, contract.error, violate));
      return new Response(body ?? null, response);
    }
    const text = await response.text();
    if (request.method === "HEAD") {
      if (text !== "") throw violate("an answer to HEAD has a body");
    } else {
      const fault = faultOf(text, validate);
      if (fault !== undefined) throw violate(`status ${response.status}: ${fault}`);
    }
    return new Response(request.method === "HEAD" ? null : text, response);
  };
  return { fetch: checkedFetch, violations };
}

/** Schemas by operation, status and media type. */
class Contract {
  readonly error: ValidateFunction;
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
    this.error = this.#compile("components/schemas/Error");
  }

  /** Failures are the same everywhere, also where there is no operation; what else may come, the operation says. */
  find(method: string, pathname: string, status: number, type: string): ValidateFunction | undefined {
    const described = this.#operations.find(({ pattern }) => pattern.test(pathname));
    const name = method === "HEAD" ? "get" : method.toLowerCase();
    const operation = described?.methods[name];
    if (described !== undefined && operation?.responses[status]?.content[type] !== undefined) {
      return this.#compile(`paths/${pointerPart(described.path)}/${name}/responses/${status}/content/${pointerPart(type)}/schema`);
    }
    return status >= 400 && type === "application/json" ? this.error : undefined;
  }

  #compile(pointer: string): ValidateFunction {
    const validate = this.#ajv.getSchema(`${DOCUMENT}#/${pointer}`);
    if (validate === undefined) throw new Error(`The OpenAPI document has no ${pointer}.`);
    return validate;
  }
}

const DOCUMENT = "openapi.json";

/** Passes the bytes of an event stream on and looks at each frame on the way. */
function checkFrames(
  chunk: ValidateFunction,
  error: ValidateFunction,
  violate: (what: string) => OpenApiViolation,
): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let end: "[DONE]" | "error" | undefined;

  const checkFrame = (frame: string): void => {
    // A comment that keeps the line alive.
    if (frame.startsWith(": ")) return;
    if (end !== undefined) throw violate(`a frame follows ${end}: ${frame}`);
    const data = /^data: ([^\n]+)$/.exec(frame)?.[1];
    if (data === undefined) throw violate(`a frame is no single line of data: ${frame}`);
    if (data === "[DONE]") {
      end = "[DONE]";
      return;
    }
    const isError = data.startsWith('{"error"');
    if (isError) end = "error";
    const fault = faultOf(data, isError ? error : chunk);
    if (fault !== undefined) throw violate(fault);
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
      if (end === undefined) throw violate("the stream ends without [DONE] and without an error");
    },
  });
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
