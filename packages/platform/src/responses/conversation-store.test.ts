import { newId } from "@bonfire/protocol/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConversationStore } from "./conversation-store.ts";
import { ResponseStore } from "./response-store.ts";
import { FOREIGN, OWN, type ResponseDatabase, startResponseDatabase } from "./testing/response-database.ts";
import { completedResponse, textsOf, userMessage } from "./testing/sample-responses.ts";

const DAY_MS = 86_400_000;
const NOT_FOUND = { status: 404, code: "conversation_not_found" };

let postgres: ResponseDatabase;
let conversations: ConversationStore;
beforeAll(async () => {
  postgres = await startResponseDatabase();
  conversations = new ConversationStore({ database: postgres.database, retentionMs: 30 * DAY_MS });
});
afterAll(() => postgres.close());

describe("a conversation", () => {
  it("is created with what is attached to it, changed and deleted once", async () => {
    const created = await conversations.create(OWN, { topic: "fire" }, []);
    expect(await conversations.get(OWN, created.id)).toEqual(created);
    expect(created).toMatchObject({ object: "conversation", metadata: { topic: "fire" } });
    expect(await conversations.update(OWN, created.id, { topic: "water" })).toEqual({ ...created, metadata: { topic: "water" } });
    await conversations.remove(OWN, created.id);
    await expect(conversations.remove(OWN, created.id)).rejects.toMatchObject(NOT_FOUND);
  });

  it("has its items in the order in which they were added", async () => {
    const { id } = await conversations.create(OWN, {}, [userMessage("a")]);
    await conversations.append(OWN, id, [userMessage("b"), userMessage("c")]);
    expect(textsOf(await conversations.history(OWN, id))).toEqual(["a", "b", "c"]);
    const last = await conversations.list(OWN, id, { limit: 2, order: "desc" });
    expect([textsOf(last.elements), last.hasMore]).toEqual([["c", "b"], true]);
    const rest = await conversations.list(OWN, id, { limit: 2, order: "desc", after: last.elements.at(-1)?.id });
    expect([textsOf(rest.elements), rest.hasMore]).toEqual([["a"], false]);
  });

  it("gives and loses single items", async () => {
    const item = userMessage("a");
    const { id } = await conversations.create(OWN, {}, [item, userMessage("b")]);
    expect(await conversations.findItem(OWN, id, item.id)).toEqual(item);
    expect(await conversations.removeItem(OWN, id, item.id)).toBe(true);
    expect(await conversations.removeItem(OWN, id, item.id)).toBe(false);
    expect(await conversations.findItem(OWN, id, item.id)).toBeUndefined();
    await conversations.append(OWN, id, [userMessage("c")]);
    expect(textsOf(await conversations.history(OWN, id))).toEqual(["b", "c"]);
  });

  it("gets what each response says, also of two that end at once", async () => {
    const { id } = await conversations.create(OWN, {}, []);
    const responses = new ResponseStore({ database: postgres.database });
    const answer = (text: string) =>
      responses.add({ scope: OWN, response: completedResponse(`${text}!`, { conversation: id }), input: [userMessage(text)] });
    await Promise.all([answer("a"), answer("b")]);
    const texts = textsOf(await conversations.history(OWN, id)).join(" ");
    expect(["a a! b b!", "b b! a a!"]).toContain(texts);
  });

  it("that is gone takes no response: none of it is stored", async () => {
    const responses = new ResponseStore({ database: postgres.database });
    const response = completedResponse("a", { conversation: newId("conv") });
    await expect(responses.add({ scope: OWN, response, input: [] })).rejects.toMatchObject(NOT_FOUND);
    expect(await responses.find(OWN, response.id)).toBeUndefined();
  });

  it("is not there for another project", async () => {
    const { id } = await conversations.create(OWN, {}, [userMessage("a")]);
    await expect(conversations.get(FOREIGN, id)).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.update(FOREIGN, id, {})).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.append(FOREIGN, id, [])).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.history(FOREIGN, id)).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.remove(FOREIGN, id)).rejects.toMatchObject(NOT_FOUND);
    expect(textsOf(await conversations.history(OWN, id))).toEqual(["a"]);
  });

  it("is not found by an id that no text in the database can be", async () => {
    await expect(conversations.get(OWN, "conv_\0")).rejects.toMatchObject(NOT_FOUND);
  });

  it("that nobody has used for longer than it is kept is removed", async () => {
    const { id } = await conversations.create(OWN, {}, []);
    await postgres.age(31 * DAY_MS);
    await expect(conversations.get(OWN, id)).rejects.toMatchObject(NOT_FOUND);
    expect(await conversations.removeExpired(100)).toBeGreaterThan(0);
    expect(await conversations.removeExpired(100)).toBe(0);
  });
});
