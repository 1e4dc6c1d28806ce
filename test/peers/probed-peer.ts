import { type ChatCompletion, chatCompletion, chatCompletionChunk } from "@bonfire/protocol/chat-completions";
import { deploymentList } from "@bonfire/protocol/deployments";
import { z } from "zod";
import { until } from "../../packages/platform/src/engine/testing/until.ts";
import { ENDLESS, MODEL } from "../shared-platform.ts";
import type { PeerName } from "./peers.ts";

type Body = Readonly<Record<string, unknown>>;

/** The platform under test: what it is asked through, and what computes in the end. */
export interface PeerGateway {
  /** Ends with `/v1`. */
  readonly baseUrl: string;
  readonly key: string;
  /** Slots of the engine behind all peers that compute now. */
  readonly busySlots: () => Promise<number>;
}

interface Failure {
  readonly status: number;
  readonly code: string | null;
  readonly message: string;
  readonly retryAfter: string | null;
}

/** The same question always: its prompt is computed once. */
const QUESTION = { messages: [{ role: "user", content: "Tell me about the sea." }], temperature: 0 };
const HANG_UP_ARRIVES_MS = 2_500;
const WORKED_OFF_MS = 30_000;

const failureBody = z.object({ error: z.object({ code: z.string().nullable(), message: z.string() }) });

/** One peer, asked through the platform whose upstream it is. */
export class ProbedPeer {
  readonly name: PeerName;
  readonly #gateway: PeerGateway;

  constructor(name: PeerName, gateway: PeerGateway) {
    this.name = name;
    this.#gateway = gateway;
  }

  /** A chat that must be answered. */
  async chat(fields: Body): Promise<ChatCompletion> {
    return chatCompletion.parse(await this.post("chat/completions", { ...QUESTION, ...fields }));
  }

  async text(fields: Body): Promise<string> {
    return (await this.chat(fields)).choices[0]?.message.content ?? "";
  }

  /** @throws when it is no stream that ends with `[DONE]`. */
  async chunks(fields: Body): Promise<readonly z.infer<typeof chatCompletionChunk>[]> {
    const response = await this.#send("chat/completions", { ...QUESTION, ...fields, stream: true });
    const data = (await response.text()).split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice("data: ".length)] : []));
    if (response.status !== 200 || data.pop() !== "[DONE]") throw new Error(`A stream was asked for; status ${response.status}: ${data}`);
    return data.map((text) => chatCompletionChunk.parse(JSON.parse(text)));
  }

  /** @param path below `/v1/` */
  async post(path: string, fields: Body): Promise<unknown> {
    const response = await this.#send(path, fields);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path} was answered with status ${response.status}: ${text}`);
    const deployment = response.headers.get("x-bonfire-deployment");
    if (deployment !== `${this.name}/${MODEL}`) throw new Error(`${deployment} answered instead of ${this.name}.`);
    return JSON.parse(text);
  }

  /** What comes where a chat is not answered; undefined where it is. @param upstream the part of its name behind the peer's */
  async failure(fields: Body, { upstream = "", model = MODEL } = {}): Promise<Failure | undefined> {
    const response = await this.#send("chat/completions", { ...QUESTION, ...fields, model: `${this.name}${upstream}/${model}` });
    const json: unknown = await response.json();
    if (response.ok) return undefined;
    const { error } = failureBody.parse(json);
    return { status: response.status, ...error, retryAfter: response.headers.get("retry-after") };
  }

  /** What the platform knows of the peer's model from its list. */
  async listedContextLength(): Promise<number | null> {
    const response = await fetch(new URL("/admin/v1/deployments", this.#gateway.baseUrl), { headers: this.#headers });
    const found = deploymentList.parse(await response.json()).data.find(({ name }) => name === `${this.name}/${MODEL}`);
    if (found === undefined) throw new Error(`The list of ${this.name} does not have ${MODEL}.`);
    return found.context_length;
  }

  /** Whether the engine stops soon after a client has left; it waits until the engine is idle again. */
  async hangUpReachesEngine({ stream }: { readonly stream: boolean }): Promise<boolean> {
    const { busySlots } = this.#gateway;
    await until(async () => (await busySlots()) === 0, WORKED_OFF_MS);
    const client = new AbortController();
    const asked = this.#send("chat/completions", { ...QUESTION, ...ENDLESS, max_tokens: 400, stream }, client.signal);
    const left = asked.then((response) => response.text()).catch(() => undefined);
    await until(async () => (await busySlots()) > 0);
    client.abort();
    await left;
    const reached = await until(async () => (await busySlots()) === 0, HANG_UP_ARRIVES_MS).then(
      () => true,
      () => false,
    );
    await until(async () => (await busySlots()) === 0, WORKED_OFF_MS);
    return reached;
  }

  get #headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.#gateway.key}`, "content-type": "application/json" };
  }

  #send(path: string, fields: Body, signal?: AbortSignal): Promise<Response> {
    const body = JSON.stringify({ model: `${this.name}/${MODEL}`, ...fields });
    return fetch(`${this.#gateway.baseUrl}/${path}`, { method: "POST", headers: this.#headers, body, ...(signal && { signal }) });
  }
}
