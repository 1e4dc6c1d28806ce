import { newId } from "@bonfire/protocol/ids";
import type { ResponseObject } from "@bonfire/protocol/responses";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ResponseStore } from "./response-store.ts";
import { FOREIGN, OWN, type ResponseDatabase, startResponseDatabase } from "./testing/response-database.ts";
import { completedResponse, textsOf, userMessage } from "./testing/sample-responses.ts";

const DAY_MS = 86_400_000;

let postgres: ResponseDatabase;
let store: ResponseStore;
beforeAll(async () => {
  postgres = await startResponseDatabase();
  store = new ResponseStore({ database: postgres.database, retentionMs: 30 * DAY_MS });
});
afterAll(() => postgres.close());

/** Stores an answer, and says what it answers. */
async function add(question: string, answer: string, fields: object = {}): Promise<ResponseObject> {
  const response = completedResponse(answer, fields);
  await store.add({ scope: OWN, response, input: [userMessage(question)] });
  return response;
}

describe("a stored response", () => {
  it("is found as it was", async () => {
    const response = await add("What is fire?", "Hot.", { metadata: { team: "a" }, tools: [{ type: "function", name: "f" }] });
    expect(await store.find(OWN, response.id)).toEqual(response);
  });

  it("keeps every text, also what the database's own texts cannot hold", async () => {
    const response = await add("a\0b", "c\0d \ud83d\udd25");
    expect(await store.find(OWN, response.id)).toEqual(response);
    expect(textsOf((await store.listInput(OWN, response.id, { limit: 1, order: "asc" })).elements)).toEqual(["a\0b"]);
  });

  it("is not there for another project", async () => {
    const { id } = await add("a", "b");
    expect(await store.find(FOREIGN, id)).toBeUndefined();
    expect(await store.remove(FOREIGN, id)).toBe(false);
    await expect(store.history(FOREIGN, id)).rejects.toMatchObject({ code: "response_not_found", param: "previous_response_id" });
    await expect(store.listInput(FOREIGN, id, { limit: 1, order: "asc" })).rejects.toMatchObject({ code: "response_not_found" });
  });

  it("is deleted once, with its items", async () => {
    const { id } = await add("a", "b");
    expect(await store.remove(OWN, id)).toBe(true);
    expect(await store.remove(OWN, id)).toBe(false);
    const { rows } = await postgres.database.execute(sql`select id from response_items where response_id = ${id}`);
    expect(rows).toEqual([]);
  });

  it("is not found by an id that no text in the database can be", async () => {
    expect(await store.find(OWN, "resp_\0")).toBeUndefined();
    expect(await store.remove(OWN, "resp_\0")).toBe(false);
    await expect(store.history(OWN, "resp_\0")).rejects.toMatchObject({ code: "response_not_found" });
  });
});

describe("the items of an input", () => {
  it("are listed a page at a time, in either order", async () => {
    const response = completedResponse("e");
    const input = ["a", "b", "c", "d"].map(userMessage);
    await store.add({ scope: OWN, response, input });
    const first = await store.listInput(OWN, response.id, { limit: 3, order: "asc" });
    expect([textsOf(first.elements), first.hasMore]).toEqual([["a", "b", "c"], true]);
    const rest = await store.listInput(OWN, response.id, { limit: 3, order: "asc", after: first.elements.at(-1)?.id });
    expect([textsOf(rest.elements), rest.hasMore]).toEqual([["d"], false]);
    const backwards = await store.listInput(OWN, response.id, { limit: 2, order: "desc", after: input[3]?.id });
    expect(textsOf(backwards.elements)).toEqual(["c", "b"]);
  });

  it("do not follow one that is not among them", async () => {
    const { id } = await add("a", "b");
    await expect(store.listInput(OWN, id, { limit: 1, order: "asc", after: "msg_none" })).rejects.toMatchObject({ param: "after" });
  });

  it("are found by their ids, as are those of outputs, within the project", async () => {
    const input = userMessage("a");
    const response = completedResponse("b");
    await store.add({ scope: OWN, response, input: [input] });
    const ids = [input.id, response.output[0]?.id ?? "", "msg_none"];
    const found = await store.findItems(OWN, ids);
    expect(ids.map((id) => textsOf([...(found.has(id) ? [found.get(id) ?? input] : [])]))).toEqual([["a"], ["b"], []]);
    expect(await store.findItems(FOREIGN, ids)).toEqual(new Map());
  });
});

describe("the history of a response", () => {
  it("is what went in and came out of the whole chain, oldest first", async () => {
    const first = await add("My secret is blue.", "I see.");
    const second = await add("Who are you?", "A model.", { previous_response_id: first.id });
    const third = await add("Bye.", "Bye!", { previous_response_id: second.id });
    expect(textsOf(await store.history(OWN, third.id))).toEqual([
      ...["My secret is blue.", "I see.", "Who are you?", "A model.", "Bye.", "Bye!"],
    ]);
  });

  it("is refused where a part of it is gone: half of it would pass for the whole", async () => {
    const first = await add("a", "b");
    const second = await add("c", "d", { previous_response_id: first.id });
    await store.remove(OWN, first.id);
    await expect(store.history(OWN, second.id)).rejects.toMatchObject({
      code: "response_not_found",
      message: expect.stringContaining(first.id),
    });
  });

  it("is refused where there is none", async () => {
    await expect(store.history(OWN, newId("resp"))).rejects.toMatchObject({ status: 404, code: "response_not_found" });
  });
});

describe("what nobody has used for longer than it is kept", () => {
  it("is not found any more, and removed a few at a time", async () => {
    const old = [await add("a", "b"), await add("a", "b"), await add("a", "b")];
    await postgres.age(31 * DAY_MS);
    const young = await add("a", "b");
    for (const { id } of old) expect(await store.find(OWN, id)).toBeUndefined();
    expect(await store.removeExpired(2)).toBe(2);
    while ((await store.removeExpired(100)) > 0);
    const { rows } = await postgres.database.execute<{ id: string }>(sql`select id from responses`);
    expect(rows.map(({ id }) => id)).toEqual([young.id]);
  });

  it("is none of what was continued since", async () => {
    const first = await add("a", "b");
    const second = await add("c", "d", { previous_response_id: first.id });
    await postgres.age(29 * DAY_MS);
    await store.history(OWN, second.id);
    await postgres.age(29 * DAY_MS);
    expect(await store.history(OWN, second.id)).toHaveLength(4);
  });

  it("is kept where everything is", async () => {
    const forever = new ResponseStore({ database: postgres.database });
    const { id } = await add("a", "b");
    await postgres.age(4_000 * DAY_MS);
    expect(await forever.removeExpired(100)).toBe(0);
    expect(await forever.find(OWN, id)).toBeDefined();
  });
});

describe("a database that is away", () => {
  it("is told as such, without what was to be written", async () => {
    await postgres.goAway();
    try {
      await expect(store.requireDatabase()).rejects.toMatchObject({ status: 503, code: "database_unavailable" });
      const failure = await add("a secret question", "b").catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "database_unavailable" });
      const told = failure instanceof Error ? `${failure.stack} ${String(failure.cause)}` : "";
      expect(told).not.toContain("a secret question");
    } finally {
      await postgres.comeBack();
    }
  });
});
