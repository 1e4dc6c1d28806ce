import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSecret } from "../egress/open-secret.ts";
import { openRootSecrets } from "./open-root-secrets.ts";
import { dropPrevious, rotateSecretFile } from "./secret-file.ts";

const GIVEN = "given-by-the-operator-0123456789abcd";
const CONTEXT = "upstream/together/default";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "root-secrets-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const open = (current?: string, previous: readonly string[] = []) => openRootSecrets({ home, current, previous });
const file = () => join(home, "secret");

describe("the root secret of a home", () => {
  it("is made at the first start, for its owner alone, and stays", async () => {
    const { roots } = await open();
    const sealed = roots.seal("sk-1", CONTEXT);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readFile(file(), "utf8")).trim().length).toBeGreaterThanOrEqual(43);
    expect(openSecret((await open()).roots, sealed, CONTEXT).reveal()).toBe("sk-1");
    expect(await readdir(home)).toEqual(["secret"]);
  });

  it("is one, however many processes start at once", async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => open()));
    const sealed = opened.map(({ roots }) => roots.seal("sk-1", CONTEXT));
    for (const { roots } of opened) expect(sealed.map((one) => roots.needsReseal(one))).toEqual(sealed.map(() => false));
  });

  it.each([0o644, 0o640, 0o604])("is refused where others can read it (%o)", async (mode) => {
    await open();
    await chmod(file(), mode);
    await expect(open()).rejects.toMatchObject({ fault: "exposed", message: expect.stringContaining("chmod 600") });
  });

  it("is refused where it is weak", async () => {
    await writeFile(file(), "changeme\n", { mode: 0o600 });
    await expect(open()).rejects.toMatchObject({ fault: "weak", message: expect.stringContaining(file()) });
  });

  it("is rotated, and opens what was sealed before until the previous ones are dropped", async () => {
    const { roots, rotate } = await open();
    const before = roots.seal("sk-1", CONTEXT);
    await rotate?.();
    expect(openSecret(roots, before, CONTEXT).reveal()).toBe("sk-1");
    const after = roots.reseal(before, CONTEXT);
    await dropPrevious(home);
    roots.reload();
    expect(openSecret(roots, after, CONTEXT).reveal()).toBe("sk-1");
    expect(() => openSecret(roots, before, CONTEXT)).toThrow("is not here");
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it("is followed by the home's other processes when one of them rotates it", async () => {
    const [{ roots: one, rotate }, { roots: other }] = [await open(), await open()];
    await rotate?.();
    expect(openSecret(other, one.seal("sk-1", CONTEXT), CONTEXT).reveal()).toBe("sk-1");
  });

  it("that is gone later says so, and what is known goes on", async () => {
    const { roots } = await open();
    const sealed = roots.seal("sk-1", CONTEXT);
    await rm(file());
    expect(() => roots.reload()).toThrow("Put it back");
    expect(openSecret(roots, sealed, CONTEXT).reveal()).toBe("sk-1");
  });
});

describe("a root secret that the operator gives", () => {
  it("leaves no file, and is not rotated here", async () => {
    const { rotate } = await open(GIVEN);
    expect(rotate).toBeUndefined();
    expect(await readdir(home)).toEqual([]);
  });

  it("opens what its previous ones sealed", async () => {
    const { roots } = await open(GIVEN);
    const sealed = roots.seal("sk-1", CONTEXT);
    const next = await open("another-by-the-operator-0123456789ab", [GIVEN]);
    expect(openSecret(next.roots, sealed, CONTEXT).reveal()).toBe("sk-1");
    expect(next.roots.needsReseal(sealed)).toBe(true);
  });

  it("opens what the home's file sealed before it was given", async () => {
    const sealed = (await open()).roots.seal("sk-1", CONTEXT);
    await rotateSecretFile(home);
    const { roots } = await open(GIVEN);
    expect(openSecret(roots, sealed, CONTEXT).reveal()).toBe("sk-1");
    expect(roots.needsReseal(sealed)).toBe(true);
  });

  it("is refused where it is weak, by the name of its setting", async () => {
    await expect(open("0123456789")).rejects.toThrow(/^BONFIRE_SECRET:/);
    await expect(open(GIVEN, ["0123456789"])).rejects.toThrow(/^BONFIRE_PREVIOUS_SECRETS:/);
  });
});
