import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../../../platform/src/engine/testing/until.ts";
import { failed, startFakePlatform } from "../testing/fake-platform.ts";
import { runHere } from "../testing/run-cli.ts";
import { chunk, sampleModel, UNLOADED } from "../testing/samples.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { readiest } from "./choose-model.ts";
import { messagesFor, newConversation, withTurn } from "./conversation.ts";
import { runSlashCommand } from "./slash-commands.ts";

async function answering(route: Parameters<typeof startFakePlatform>[1][string]) {
  const home = temporaryHome();
  const fake = await startFakePlatform(home, {
    "POST /v1/chat/completions": route,
    "GET /admin/v1/models": () => ({ json: { object: "list", data: [UNLOADED, sampleModel()] } }),
  });
  onTestFinished(fake.stop);
  return { home, calls: fake.calls };
}

describe("bonfire chat with a question", () => {
  it("prints the answer alone, and asks with what was given", async () => {
    const { home, calls } = await answering(() => ({
      events: [chunk({ content: "A fire" }), chunk({ content: "." }), chunk({}, "stop"), "[DONE]"],
    }));
    const args = ["chat", "m", "What?", "--system", "Be brief.", "--temperature", "0", "--max-tokens", "9"];
    expect(await runHere(args, { home })).toEqual({ exitCode: 0, stdout: "A fire.\n", stderr: "" });
    expect(calls[0]?.headers.authorization).toBeUndefined();
    expect(calls[0]?.body).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "What?" },
      ],
      stream: true,
      temperature: 0,
      max_completion_tokens: 9,
    });
  });

  it("leaves thoughts and what would steer the terminal out of what programs read", async () => {
    const events = [chunk({ reasoning_content: "Hm." }), chunk({ content: "\u001B[2Jred\r\n" }), chunk({}, "stop")];
    const { home } = await answering(() => ({ events }));
    expect((await runHere(["chat", "m", "q"], { home })).stdout).toBe("[2Jred\n");
  });

  it("says when the answer was cut at its limit", async () => {
    const { home } = await answering(() => ({ events: [chunk({ content: "A" }), chunk({}, "length")] }));
    expect(await runHere(["chat", "m", "q"], { home })).toEqual({
      exitCode: 0,
      stdout: "A\n",
      stderr: "The answer was cut at its token limit.\n",
    });
  });

  it("fails with what the platform says, before or within the answer", async () => {
    const { home } = await answering(() => failed(404, "model_not_found", "There is no model m."));
    expect(await runHere(["chat", "m", "q"], { home })).toEqual({ exitCode: 1, stdout: "", stderr: "There is no model m.\n" });
    const late = await answering(() => ({
      events: [chunk({ content: "A" }), { error: { message: "It died.", type: "server_error", param: null, code: null } }],
    }));
    expect(await runHere(["chat", "m", "q"], { home: late.home })).toEqual({ exitCode: 1, stdout: "A\n", stderr: "It died.\n" });
  });

  it("stops at Ctrl-C, keeps what has come, and ends with code 130", async () => {
    const { home, calls } = await answering(() => ({
      events: (async function* () {
        yield chunk({ content: "A" });
        await new Promise<never>(() => undefined);
      })(),
    }));
    const chat = runHere(["chat", "m", "q"], { home });
    await until(() => calls.length === 1 && process.listenerCount("SIGINT") === 1);
    // The first part may still be on its way.
    process.emit("SIGINT");
    expect(await chat).toMatchObject({ exitCode: 130, stderr: "Stopped.\n" });
    await until(() => calls[0]?.signal.aborted === true);
  });

  it.each([
    ["--temperature", "3"],
    ["--temperature", ""],
    ["--max-tokens", "0"],
    ["--max-tokens", "1.5"],
  ])("refuses %s %j", async (option, value) => {
    expect(await runHere(["chat", "m", "q", option, value], { home: temporaryHome() })).toMatchObject({ exitCode: 2 });
  });
});

describe("the model for those who name none", () => {
  it("is one that answers at once, else one that is kept loaded, else any that can chat", () => {
    const embedding = sampleModel({ id: "e", capabilities: ["embeddings"] });
    const pinned = sampleModel({ id: "p", state: "loading" });
    expect(readiest([embedding, UNLOADED, pinned, sampleModel({ id: "r", pinned: false })])?.id).toBe("r");
    expect(readiest([embedding, UNLOADED, pinned])?.id).toBe("p");
    expect(readiest([embedding, UNLOADED])?.id).toBe(UNLOADED.id);
    expect(readiest([embedding])).toBeUndefined();
  });
});

describe("a conversation", () => {
  it("goes to the model whole, after its instructions", () => {
    const conversation = withTurn(newConversation("s"), "q1", "a1");
    expect(messagesFor(conversation, "q2").map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "system: s",
      "user: q1",
      "assistant: a1",
      "user: q2",
    ]);
  });

  it("forgets a question that got no answer", () => {
    expect(withTurn(newConversation(undefined), "q", "")).toEqual(newConversation(undefined));
  });
});

describe("a line of a conversation", () => {
  const state = { model: "m", conversation: withTurn(newConversation("s"), "q", "a") };

  it.each([
    ["/reset", { state: { model: "m", conversation: newConversation("s") } }],
    ["/model qwen3:8b", { state: { ...state, model: "qwen3:8b" } }],
    ["/model", { state, say: "The model is m." }],
    [" /exit ", { state, ends: true }],
    ["/help", { state, say: expect.stringContaining("/model [NAME]") }],
    ["/halp", { state, say: "There is no /halp; /help shows what there is." }],
    ["/constructor", { state, say: "There is no /constructor; /help shows what there is." }],
  ])("%j is a command", (line, outcome) => {
    expect(runSlashCommand(line, state)).toMatchObject(outcome);
  });

  it.each(["What is /help?", "/etc/hosts is what?", "", "/"])("%j is something to say", (line) => {
    expect(runSlashCommand(line, state)).toBeUndefined();
  });
});
