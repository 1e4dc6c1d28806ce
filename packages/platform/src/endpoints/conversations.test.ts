import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, type ResponsesApi, serveResponses } from "./testing/serve-responses.ts";

let api: ResponsesApi;
beforeAll(async () => {
  api = await serveResponses();
});
afterAll(() => api.close());

const NOT_FOUND = { status: 404, code: "conversation_not_found" };

describe("a conversation", () => {
  it("is created, fetched, changed and deleted", async () => {
    const { id } = await api.client.conversations.create({ metadata: { topic: "fire" } });
    expect(await api.client.conversations.retrieve(id)).toMatchObject({ id, object: "conversation", metadata: { topic: "fire" } });
    expect(await api.client.conversations.update(id, { metadata: { topic: "water" } })).toMatchObject({ metadata: { topic: "water" } });
    expect(await api.client.conversations.delete(id)).toEqual({ id, object: "conversation.deleted", deleted: true });
    await expect(api.client.conversations.retrieve(id)).rejects.toMatchObject(NOT_FOUND);
  });

  it("can be created without anything", async () => {
    expect(await api.client.conversations.create()).toMatchObject({ metadata: {} });
  });

  it("has items that are added, listed, fetched and deleted", async () => {
    const { id } = await api.client.conversations.create({ items: [{ role: "user", content: "a" }] });
    const added = await api.client.conversations.items.create(id, { items: [{ role: "user", content: "b" }] });
    const itemId = added.data[0]?.id ?? "";
    expect(added).toMatchObject({ object: "list", first_id: itemId, last_id: itemId, has_more: false });
    const listed = await collect(await api.client.conversations.items.list(id, { limit: 1, order: "asc" }));
    expect(listed).toMatchObject(["a", "b"].map((text) => ({ type: "message", content: [{ type: "input_text", text }] })));
    expect(await api.client.conversations.items.retrieve(itemId, { conversation_id: id })).toEqual(added.data[0]);
    expect(await api.client.conversations.items.delete(itemId, { conversation_id: id })).toMatchObject({ id });
    await expect(api.client.conversations.items.retrieve(itemId, { conversation_id: id })).rejects.toMatchObject({
      status: 404,
      code: "item_not_found",
    });
  });

  it("is known to each response that is part of it, and gets what each adds", async () => {
    const conversation = await api.client.conversations.create({ items: [{ role: "user", content: "My secret is blue." }] });
    const ask = (input: string) =>
      api.client.responses.create({ model: "m", input, conversation: conversation.id, max_output_tokens: 1, instructions: "Be brief." });
    const first = await ask("Hello");
    expect(first.conversation).toEqual({ id: conversation.id });
    await ask("Which one?");
    expect(api.fake.calls.at(-1)?.body.messages).toMatchObject([
      { role: "system", content: "Be brief." },
      { role: "user", content: "My secret is blue." },
      { role: "user", content: "Hello" },
      { role: "assistant", content: first.output_text },
      { role: "user", content: "Which one?" },
    ]);
    expect(await collect(await api.client.conversations.items.list(conversation.id))).toHaveLength(5);
  });

  it("is not there for another project", async () => {
    const { id } = await api.client.conversations.create();
    const { conversations, responses } = api.foreign;
    await expect(conversations.retrieve(id)).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.update(id, { metadata: {} })).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.delete(id)).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.items.list(id)).rejects.toMatchObject(NOT_FOUND);
    await expect(conversations.items.create(id, { items: [{ role: "user", content: "a" }] })).rejects.toMatchObject(NOT_FOUND);
    await expect(responses.create({ model: "m", input: "a", conversation: id })).rejects.toMatchObject(NOT_FOUND);
  });
});
