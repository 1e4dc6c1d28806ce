import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../engine/testing/until.ts";
import type { AnswerStore } from "../answer-cache.ts";
import { answerOf, ELABORATE, GREETING } from "./sample-answers.ts";

interface OpenedStore {
  readonly store: AnswerStore;
  readonly close: () => Promise<void> | void;
}

const AN_HOUR_MS = 3_600_000;

/** What each store of answers has to do. */
export function describeAnswerStore(name: string, open: () => Promise<OpenedStore> | OpenedStore): void {
  describe(`answers in ${name}`, () => {
    let opened: OpenedStore;
    const key = () => randomUUID();
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    it("are not there before they are stored", async () => {
      expect(await opened.store.get(key())).toBeUndefined();
    });

    it.each([
      ["short", GREETING],
      ["elaborate", ELABORATE],
    ])("come back as they were: %s ones", async (_kind, events) => {
      const place = key();
      await opened.store.set(place, answerOf(events), AN_HOUR_MS);
      expect(await opened.store.get(place)).toStrictEqual(answerOf(events));
    });

    it("are found under their own key alone", async () => {
      const [one, other] = [key(), key()];
      await opened.store.set(one, answerOf(GREETING), AN_HOUR_MS);
      await opened.store.set(other, answerOf(ELABORATE), AN_HOUR_MS);
      expect(await opened.store.get(one)).toEqual(answerOf(GREETING));
    });

    it("give way to newer ones", async () => {
      const place = key();
      await opened.store.set(place, answerOf(GREETING), AN_HOUR_MS);
      await opened.store.set(place, answerOf(ELABORATE), AN_HOUR_MS);
      expect(await opened.store.get(place)).toEqual(answerOf(ELABORATE));
    });

    it("are gone when their time is over", async () => {
      const [short, long] = [key(), key()];
      await opened.store.set(short, answerOf(GREETING), 20);
      await opened.store.set(long, answerOf(GREETING), AN_HOUR_MS);
      await until(async () => (await opened.store.get(short)) === undefined);
      expect(await opened.store.get(long)).toBeDefined();
    });

    it("are not looked for once the request has been given up", async () => {
      const reason = new Error("the client hung up");
      await expect(opened.store.get(key(), AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });
}
