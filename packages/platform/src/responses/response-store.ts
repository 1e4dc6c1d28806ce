import { ApiError } from "@bonfire/protocol/errors";
import { type Item, item as itemSchema } from "@bonfire/protocol/response-items";
import { type ResponseObject, responseObject } from "@bonfire/protocol/responses";
import { and, asc, desc, eq, gt, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { conversationItems, responseItems, responses } from "../storage/schema.ts";
import { inTransaction } from "../storage/transaction.ts";
import { appendToConversation } from "./append-items.ts";
import { insertItems } from "./insert-items.ts";
import { responseNotFound } from "./not-found.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import { reachDatabase } from "./reach-database.ts";
import type { Scope } from "./scope.ts";

/** A response, and the items of the request that it answers. */
export interface NewResponse {
  readonly scope: Scope;
  readonly response: ResponseObject;
  readonly input: readonly Item[];
}

interface ResponseStoreOptions {
  readonly database: Database;
  /** How long a response is kept after its last use, milliseconds; absent: for ever. */
  readonly retentionMs?: number | undefined;
}

/** Responses that have ended, and what they are made of. Those of another project are not found. Failures come as `ApiError`. */
export class ResponseStore {
  readonly #database: Database;
  readonly #retentionMs: number | undefined;

  constructor({ database, retentionMs }: ResponseStoreOptions) {
    this.#database = database;
    this.#retentionMs = retentionMs;
  }

  /** @throws ApiError `database_unavailable`: before anything is computed that could not be kept. */
  async requireDatabase(): Promise<void> {
    await reachDatabase(() => this.#database.execute(sql`select 1`));
  }

  /** A whole response; its conversation, where it has one, gets its input and output in the same transaction. */
  async add({ scope, response, input }: NewResponse): Promise<void> {
    await reachDatabase(() =>
      inTransaction(this.#database, async (transaction) => {
        const { output, ...body } = response;
        await transaction.insert(responses).values({
          id: response.id,
          ...scope,
          status: response.status,
          background: response.background,
          previousResponseId: response.previous_response_id,
          conversationId: response.conversation?.id ?? null,
          body,
          createdAt: new Date(response.created_at * 1_000),
        });
        await insertItems(transaction, { ...scope, responseId: response.id, input, output });
        await appendToConversation(transaction, scope, response, input);
      }),
    );
  }

  async find({ projectId }: Scope, id: string): Promise<ResponseObject | undefined> {
    if (id.includes("\0")) return undefined;
    return reachDatabase(async () => {
      const [row] = await this.#database
        .select({ body: responses.body, status: responses.status, error: responses.error })
        .from(responses)
        .where(and(this.#isKept(projectId), eq(responses.id, id)));
      if (row === undefined) return undefined;
      const output = await this.#database
        .select({ item: responseItems.item })
        .from(responseItems)
        .where(and(eq(responseItems.responseId, id), eq(responseItems.isOutput, true)))
        .orderBy(asc(responseItems.position));
      return responseObject.parse({
        ...toRecord(row.body),
        status: row.status,
        ...(row.error === null ? {} : { error: row.error }),
        output: output.map(({ item }) => item),
      });
    });
  }

  /** @returns false where there is none. */
  async remove({ projectId }: Scope, id: string): Promise<boolean> {
    if (id.includes("\0")) return false;
    return reachDatabase(async () => {
      const removed = await this.#database
        .delete(responses)
        .where(and(this.#isKept(projectId), eq(responses.id, id)))
        .returning({ id: responses.id });
      return removed.length > 0;
    });
  }

  /** @throws ApiError where there is no such response, or no such item in it. */
  async listInput(scope: Scope, id: string, { limit, order, after }: PageRequest): Promise<Page<Item>> {
    if ((await this.find(scope, id)) === undefined) throw responseNotFound(id);
    return reachDatabase(async () => {
      const isInput = and(eq(responseItems.responseId, id), eq(responseItems.isOutput, false));
      const [first] =
        after === undefined
          ? []
          : await this.#database
              .select()
              .from(responseItems)
              .where(and(isInput, eq(responseItems.id, after)));
      if (after !== undefined && first === undefined) {
        throw new ApiError("invalid_value", `There is no item '${after}' in this list.`, { param: "after" });
      }
      const { position } = responseItems;
      const rows = await this.#database
        .select({ item: responseItems.item })
        .from(responseItems)
        .where(and(isInput, first === undefined ? undefined : (order === "asc" ? gt : lt)(position, first.position)))
        .orderBy((order === "asc" ? asc : desc)(position))
        .limit(limit + 1);
      return pageOf(
        rows.map(({ item }) => itemSchema.parse(item)),
        limit,
      );
    });
  }

  /**
   * Input and output of a response and of all those that came before it, oldest first. That is a use of all of them.
   * @throws ApiError where one of them is gone or still running: half a conversation would pass for the whole.
   */
  async history({ projectId }: Scope, id: string): Promise<Item[]> {
    if (id.includes("\0")) throw responseNotFound(id, "previous_response_id");
    return reachDatabase(async () => {
      const { rows } = await this.#database.execute<ChainLink>(sql`
        with recursive chain as (
          select id, status, previous_response_id, 0 as distance from responses
          where id = ${id} and ${this.#isKept(projectId)}
          union all
          select earlier.id, earlier.status, earlier.previous_response_id, chain.distance + 1
          from chain join responses earlier on earlier.id = chain.previous_response_id and earlier.project_id = ${projectId}
        )
        select id, status, previous_response_id as previous from chain order by distance desc`);
      requireWholeChain(rows, id);
      const ids = rows.map((row) => row.id);
      await this.#touch(ids);
      const found = await this.#database
        .select({ responseId: responseItems.responseId, item: responseItems.item })
        .from(responseItems)
        .where(inArray(responseItems.responseId, ids))
        .orderBy(asc(responseItems.position));
      return ids.flatMap((link) => found.filter(({ responseId }) => responseId === link).map(({ item }) => itemSchema.parse(item)));
    });
  }

  /** Items of any stored response or conversation, by id; where several have one, it is the latest. */
  async findItems({ projectId }: Scope, ids: readonly string[]): Promise<ReadonlyMap<string, Item>> {
    if (ids.length === 0) return new Map();
    return reachDatabase(async () => {
      const ofResponses = this.#database
        .select({ id: responseItems.id, item: responseItems.item, owner: responseItems.responseId })
        .from(responseItems)
        .where(and(eq(responseItems.projectId, projectId), inArray(responseItems.id, [...ids])));
      const ofConversations = this.#database
        .select({ id: conversationItems.id, item: conversationItems.item, owner: conversationItems.conversationId })
        .from(conversationItems)
        .where(and(eq(conversationItems.projectId, projectId), inArray(conversationItems.id, [...ids])));
      const found = [...(await ofConversations), ...(await ofResponses)].sort((a, b) => (a.owner < b.owner ? -1 : 1));
      return new Map(found.map(({ id, item }) => [id, itemSchema.parse(item)]));
    });
  }

  /** Removes what nobody has used for longer than it is kept, at most so many. @returns how many they were. */
  async removeExpired(most: number): Promise<number> {
    if (this.#retentionMs === undefined) return 0;
    const expired = this.#database
      .select({ id: responses.id })
      .from(responses)
      .where(lt(responses.lastUsedAt, this.#oldestKept()))
      .limit(most);
    const removed = await this.#database.delete(responses).where(inArray(responses.id, expired)).returning({ id: responses.id });
    return removed.length;
  }

  /** A minute more or less does not matter, and saves most of the writes. */
  async #touch(ids: readonly string[]): Promise<void> {
    await this.#database
      .update(responses)
      .set({ lastUsedAt: sql`now()` })
      .where(and(inArray(responses.id, [...ids]), lt(responses.lastUsedAt, sql`now() - interval '1 minute'`)));
  }

  /** Also before the sweep has come by. */
  #isKept(projectId: string): SQL | undefined {
    return and(
      eq(responses.projectId, projectId),
      this.#retentionMs === undefined ? undefined : gt(responses.lastUsedAt, this.#oldestKept()),
    );
  }

  #oldestKept(): Date {
    return new Date(Date.now() - (this.#retentionMs ?? 0));
  }
}

interface ChainLink extends Record<string, unknown> {
  readonly id: string;
  readonly status: string;
  readonly previous: string | null;
}

/** @param chain oldest first. */
function requireWholeChain(chain: readonly ChainLink[], id: string): void {
  const oldest = chain[0];
  if (oldest === undefined) throw responseNotFound(id, "previous_response_id");
  if (oldest.previous !== null) {
    throw new ApiError("response_not_found", `Response '${id}' cannot be continued: '${oldest.previous}', on which it builds, is gone.`, {
      param: "previous_response_id",
    });
  }
  const last = chain.at(-1);
  if (last?.status === "queued" || last?.status === "in_progress") {
    throw new ApiError("invalid_value", `Response '${id}' has not ended yet; continue it when it has.`, { param: "previous_response_id" });
  }
}

function toRecord(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
