import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import type { Paint } from "../terminal-text.ts";

interface PromptOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly paint: Paint;
}

const PROMPT = "> ";
const CONTINUATION = "… ";
const HISTORY_LINES = 500;

/**
 * Reads questions from a terminal. Its Ctrl-C stops an answer that is being given; at an empty prompt it ends the program when it is the
 * second one, counting one that stopped an answer. The terminal stays in raw mode throughout, so that Ctrl-C is a key and not a signal.
 */
export class QuestionPrompt {
  readonly #readline: Interface;
  readonly #echo: Echo;
  readonly #output: NodeJS.WriteStream;
  #answering: AbortController | undefined;
  #interruptedBefore = false;
  #typedAhead = 0;

  constructor({ input, output, paint }: PromptOptions) {
    this.#output = output;
    this.#echo = new Echo(output);
    this.#readline = createInterface({ input, output: this.#echo, terminal: true, prompt: PROMPT, historySize: HISTORY_LINES });
    this.#readline.on("SIGINT", () => this.#interrupt(paint));
    this.#readline.on("line", () => {
      this.#interruptedBefore = false;
      if (this.#answering !== undefined) this.#typedAhead += 1;
    });
    this.#readline.on("close", () => this.#answering?.abort(new Error("Stopped.")));
  }

  /** Each question, its lines joined; ends with Ctrl-D. */
  async *questions(): AsyncGenerator<string> {
    let begun = "";
    const ask = () => {
      this.#readline.setPrompt(begun === "" ? PROMPT : CONTINUATION);
      this.#readline.prompt(true);
    };
    const lines = this.#readline[Symbol.asyncIterator]();
    ask();
    for await (const line of lines) {
      if (this.#typedAhead > 0) {
        this.#typedAhead -= 1;
        // It was typed unseen while the model spoke.
        this.#output.write(`\r\u001B[K${PROMPT}${line}\n`);
      }
      if (line.endsWith("\\")) begun += `${line.slice(0, -1)}\n`;
      else {
        const question = begun + line;
        begun = "";
        if (question.trim() !== "") yield question;
      }
      ask();
    }
    this.#output.write("\n");
  }

  /** Runs what Ctrl-C may stop; what is typed meanwhile shows up afterwards. */
  async whileAnswering<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    this.#answering = controller;
    this.#echo.isMuted = true;
    try {
      return await work(controller.signal);
    } finally {
      this.#answering = undefined;
      this.#echo.isMuted = false;
    }
  }

  close(): void {
    this.#readline.close();
  }

  #interrupt(paint: Paint): void {
    const second = this.#interruptedBefore;
    this.#interruptedBefore = true;
    if (this.#answering !== undefined) {
      this.#answering.abort(new Error("Stopped."));
      return;
    }
    if (this.#readline.line === "" && second) {
      this.#readline.close();
      return;
    }
    // What was typed so far is given up.
    this.#readline.write(null, { ctrl: true, name: "e" });
    this.#readline.write(null, { ctrl: true, name: "u" });
    this.#output.write(`\n${paint("dim", "Ctrl-C again, Ctrl-D or /exit ends.")}\n`);
    this.#readline.prompt();
  }
}

/** Where the prompt writes to: the terminal, or nowhere while something else writes there. */
class Echo extends Writable {
  isMuted = false;
  readonly #terminal: NodeJS.WriteStream;

  constructor(terminal: NodeJS.WriteStream) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
    terminal.on("resize", () => this.emit("resize"));
  }

  /** Readline asks for it, to know where lines wrap. */
  get columns(): number {
    return this.#terminal.columns;
  }

  override _write(text: string | Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.isMuted) this.#terminal.write(text);
    done();
  }
}
