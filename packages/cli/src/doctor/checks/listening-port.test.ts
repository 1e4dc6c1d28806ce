import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

let patient: Patient;
let server: Server;
let port: number;
beforeEach(async () => {
  patient = await Patient.admit();
  server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterEach(async () => {
  server.close();
  await patient.discharge();
});

test("a port that another program has is left for a free one, in the file", async () => {
  await patient.writeSettings(`server: {port: ${port}}\n`);
  expect(await patient.expectMended("port", { found: /another program listens/ })).toMatch(
    /^npx --no bonfire config set server\.port \d+$/,
  );
});

test("a port that another program has is left for a free one, in the variable", async () => {
  patient.environment.BONFIRE_PORT = String(port);
  expect(await patient.expectMended("port", { found: /another program listens/ })).toMatch(/^export BONFIRE_PORT=\d+$/);
});

test("an address of another machine is left for this one's own", async () => {
  patient.environment.BONFIRE_PORT = "0";
  await patient.writeSettings("server: {host: 192.0.2.1}\n");
  await patient.expectMended("port", { found: /192\.0\.2\.1 is no address of this machine/ });
});

test("port 0 is always free", async () => {
  patient.environment.BONFIRE_PORT = "0";
  expect(await patient.examine("port")).toMatchObject({ state: "ok" });
});
