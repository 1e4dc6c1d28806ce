import { EngineError } from "../../engine/engine-error.ts";
import { ConnectionPool } from "../connection-pool.ts";
import { Exchange } from "../exchange.ts";
import { readWhole } from "../replica-body.ts";

const TOTAL_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** One form to an address that an operator gave, on a connection of its own. @throws EngineError `unreachable` */
export async function postForm(url: string, form: Readonly<Record<string, string>>): Promise<{ status: number; json: unknown }> {
  const { origin, pathname, search } = new URL(url);
  const pool = new ConnectionPool(origin, { connect: { timeout: TOTAL_MS } });
  try {
    const exchange = new Exchange(pool, pool.open(), AbortSignal.timeout(TOTAL_MS));
    const { status } = await exchange.send({
      method: "POST",
      path: pathname + search,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        accept: "application/json",
        "accept-encoding": "identity",
      },
      body: new URLSearchParams(form).toString(),
    });
    return { status, json: parse(await readWhole(exchange, MAX_ANSWER_BYTES)) };
  } catch (cause) {
    throw new EngineError("unreachable", `${new URL(url).host} gave no access token.`, { cause });
  } finally {
    await pool.close();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
