import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimSocket, SocketTakenError } from "./claim-socket.ts";
import { ensureSocketDirectory, socketDirectory } from "./socket-directory.ts";

describe("claimSocket", () => {
  let directory: string;
  let path: string;
  const servers: Server[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "bonfire-claim-"));
    path = join(directory, "admin.sock");
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    await rm(directory, { recursive: true, force: true });
  });
  const newServer = (): Server => {
    const server = createServer((socket) => socket.end());
    servers.push(server);
    return server;
  };

  it("makes a socket that only its owner can open", async () => {
    await claimSocket(newServer(), path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("refuses a second holder while the first one lives", async () => {
    await claimSocket(newServer(), path);
    await expect(claimSocket(newServer(), path)).rejects.toBeInstanceOf(SocketTakenError);
  });

  it("takes over the socket of a process that was killed", async () => {
    const dead = spawn(process.execPath, ["-e", `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`]);
    await once(dead.stdout, "data");
    dead.kill("SIGKILL");
    await once(dead, "exit");
    await expect(claimSocket(newServer(), path)).resolves.toBeTypeOf("function");
  });

  it("is free again when it is given back", async () => {
    const release = await claimSocket(newServer(), path);
    await release();
    await expect(claimSocket(newServer(), path)).resolves.toBeTypeOf("function");
  });
});

describe("the folder of an instance's sockets", () => {
  it("lies in its home, where a socket's path has room for that", () => {
    expect(socketDirectory("/srv/bonfire")).toBe("/srv/bonfire/run");
  });

  it("lies below the temporary folder otherwise, apart for each home", () => {
    const long = (name: string) => socketDirectory(join("/srv", "x".repeat(80), name));
    expect(long("a").length).toBeLessThan(60);
    expect(long("a")).not.toBe(long("b"));
  });

  it("is private", async () => {
    const home = await mkdtemp(join(tmpdir(), "bf-"));
    expect((await stat(await ensureSocketDirectory(home))).mode & 0o777).toBe(0o700);
    await rm(home, { recursive: true, force: true });
  });
});
