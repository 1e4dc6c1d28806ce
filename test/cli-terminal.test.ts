import { execFile } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { startFakePlatform } from "../packages/cli/src/testing/fake-platform.ts";
import { chunk, sampleModel, UNLOADED } from "../packages/cli/src/testing/samples.ts";
import { temporaryHome } from "../packages/cli/src/testing/temporary-home.ts";
import { BONFIRE_BIN, bonfireInTerminal, KEY } from "../packages/cli/src/testing/terminal.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";

const PROMPT = /> $/;

/** A platform whose model says "Once" and then waits to be stopped, and answers further questions at once. */
async function platformThatTalks() {
  const home = temporaryHome();
  let asked = 0;
  const fake = await startFakePlatform(home, {
    "GET /admin/v1/models": () => ({ json: { object: "list", data: [UNLOADED, sampleModel()] } }),
    "POST /v1/chat/completions": ({ signal }) => {
      asked += 1;
      return { events: asked === 1 ? endless(signal) : brief(asked) };
    },
  });
  onTestFinished(fake.stop);
  return { home, chats: () => fake.calls.filter(({ path }) => path.startsWith("/v1")) };
}

async function* endless(signal: AbortSignal) {
  yield chunk({ content: "Once" });
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

function brief(number: number) {
  return [chunk({ content: `Answer ${number}.` }), chunk({}, "stop"), "[DONE]"];
}

describe("bonfire chat at a terminal", () => {
  it("stops an answer at Ctrl-C, answers the next question, and ends well at Ctrl-D", async () => {
    const { home, chats } = await platformThatTalks();
    const terminal = bonfireInTerminal(["chat", "--system", "Be kind."], { BONFIRE_HOME: home });
    await until(() => PROMPT.test(terminal.text()));
    expect(terminal.text()).toContain("Talking to HuggingFaceTB/SmolLM2-135M-Instruct.");

    terminal.type(`Tell me a story.${KEY.enter}`);
    await until(() => terminal.text().includes("Once"));
    terminal.type(KEY.ctrlC);
    await until(() => /Stopped\.\s+> $/.test(terminal.text()));
    await until(() => chats()[0]?.signal.aborted === true);

    terminal.type(`And then?${KEY.enter}`);
    await until(() => /Answer 2\.\s+> $/.test(terminal.text()));
    expect(chats()[1]?.body).toMatchObject({
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Tell me a story." },
        { role: "assistant", content: "Once" },
        { role: "user", content: "And then?" },
      ],
    });
    terminal.type(KEY.ctrlD);
    expect(await terminal.exited).toBe(0);
  });

  it("ends at the second Ctrl-C at an empty prompt; the first one gives up what was typed", async () => {
    const { home } = await platformThatTalks();
    const terminal = bonfireInTerminal(["chat", "m"], { BONFIRE_HOME: home });
    await until(() => PROMPT.test(terminal.text()));
    terminal.type("a question that");
    await until(() => terminal.text().endsWith("that"));
    terminal.type(KEY.ctrlC);
    await until(() => /Ctrl-C again, Ctrl-D or \/exit ends\.\s+> $/.test(terminal.text()));
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(0);
  });

  it("shows what was typed during an answer afterwards, and asks it", async () => {
    const { home, chats } = await platformThatTalks();
    const terminal = bonfireInTerminal(["chat", "m"], { BONFIRE_HOME: home });
    await until(() => PROMPT.test(terminal.text()));
    terminal.type(`One?${KEY.enter}`);
    await until(() => terminal.text().includes("Once"));
    terminal.type(`Two?${KEY.enter}`);
    terminal.type(KEY.ctrlC);
    await until(() => /Once\s+Stopped\.\s+(> )?\r?> Two\?\r\n/.test(terminal.text()));
    await until(() => chats().length === 2);
    terminal.type(`/exit${KEY.enter}`);
    expect(await terminal.exited).toBe(0);
  });

  it("goes on after a failure, and with the commands of the conversation", async () => {
    const home = temporaryHome();
    const fake = await startFakePlatform(home, {});
    onTestFinished(fake.stop);
    const terminal = bonfireInTerminal(["chat", "m"], { BONFIRE_HOME: home });
    await until(() => PROMPT.test(terminal.text()));
    terminal.type(`First line \\${KEY.enter}second line${KEY.enter}`);
    await until(() => /There is no POST .+\s+> $/.test(terminal.text()));
    expect(fake.calls[0]?.body).toMatchObject({ messages: [{ role: "user", content: "First line \nsecond line" }] });
    terminal.type(`/model other${KEY.enter}`);
    await until(() => /From now on other answers\.\s+> $/.test(terminal.text()));
    terminal.type(`x${KEY.enter}`);
    await until(() => fake.calls.length === 2);
    // The question that failed is forgotten.
    expect(fake.calls[1]?.body).toMatchObject({ model: "other", messages: [{ role: "user", content: "x" }] });
    terminal.type(KEY.ctrlD);
    expect(await terminal.exited).toBe(0);
  });
});

describe("bonfire at a terminal", () => {
  it("has colours, unless NO_COLOR is set", async () => {
    const { home } = await platformThatTalks();
    const coloured = bonfireInTerminal(["models", "list"], { BONFIRE_HOME: home });
    expect(await coloured.exited).toBe(0);
    expect(coloured.raw()).toContain("\u001B[32mready\u001B[39m");
    const plain = bonfireInTerminal(["models", "list"], { BONFIRE_HOME: home, NO_COLOR: "1" });
    expect(await plain.exited).toBe(0);
    expect(plain.raw()).not.toContain("\u001B[");
  });

  it("draws a bar while a model is pulled, and ends with 130 at Ctrl-C", async () => {
    const home = temporaryHome();
    const fake = await startFakePlatform(home, {
      "POST /admin/v1/models": ({ signal }) => ({
        events: (async function* () {
          yield { type: "bytes", file: "q.gguf", received_bytes: 2 ** 29, total_bytes: 2 ** 30 };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        })(),
      }),
    });
    onTestFinished(fake.stop);
    const terminal = bonfireInTerminal(["models", "pull", "q"], { BONFIRE_HOME: home });
    await until(() => terminal.text().includes("50 %  512 MiB of 1.00 GiB"));
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
    expect(terminal.text()).toContain("What has come is kept: npx --no bonfire models pull q goes on from there.");
    await until(() => fake.calls[0]?.signal.aborted === true);
  });
});

describe("bonfire in a pipe", () => {
  const sh = (command: string, env: Readonly<Record<string, string>>) =>
    promisify(execFile)("bash", ["--norc", "-c", `set -o pipefail; ${command}`, "bash", process.execPath, BONFIRE_BIN], {
      env: { PATH: process.env.PATH, ...env },
    });

  it("ends quietly when nobody reads any more", async () => {
    const home = temporaryHome();
    mkdirSync(join(home, "logs"));
    const log = join(home, "logs", "bonfire.log");
    writeFileSync(log, "");
    for (let number = 0; number < 20_000; number++) {
      appendFileSync(log, `{"level":30,"time":"2026-01-31T12:00:00.000Z","msg":"line ${number}"}\n`);
    }
    expect(await sh('"$1" "$2" logs -n 100000 | head -n 1', { BONFIRE_HOME: home })).toEqual({
      stdout: expect.stringMatching(/^\[.*line 0\n$/),
      stderr: "",
    });
  });

  it("asks what comes on stdin, and prints the answer alone", async () => {
    const home = temporaryHome();
    const fake = await startFakePlatform(home, { "POST /v1/chat/completions": () => ({ events: brief(1) }) });
    onTestFinished(fake.stop);
    const { stdout } = await sh('echo "What?" | "$1" "$2" chat m', { BONFIRE_HOME: home });
    expect(stdout).toBe("Answer 1.\n");
    expect(fake.calls[0]?.body).toMatchObject({ messages: [{ role: "user", content: "What?\n" }] });
  });
});
