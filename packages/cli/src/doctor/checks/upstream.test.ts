import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Patient } from "../testing/patient.ts";

/** Nobody listens there. */
const CLOSED = "http://127.0.0.1:1";

let patient: Patient;
beforeEach(async () => {
  patient = await Patient.admit();
});
afterEach(() => patient.discharge());

async function withServer(work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const allowed = request.headers.authorization === "Bearer right";
    response.writeHead(allowed ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(allowed ? { object: "list", data: [{ id: "a" }] } : { error: { message: "no" } }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await work(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
  server.close();
}

test("an upstream that lists its models is all right, one that refuses the key is left out", async () => {
  await withServer(async (url) => {
    await patient.writeSettings(`upstream: {url: "${url}/v1", api_key: right}\n`);
    expect(await patient.examine("upstream")).toMatchObject({ state: "ok", found: expect.stringMatching(/serves 1$/) });
    await patient.writeSettings(`upstream: {url: "${url}/v1", api_key: hunter2}\n`);
    expect(JSON.stringify(await patient.examine("upstream"))).not.toContain("hunter2");
    await patient.expectMended("upstream", { found: /does not list its models/, mended: "skipped" });
  });
});

test("an upstream that is down is left out", async () => {
  patient.environment.BONFIRE_UPSTREAM_URL = `${CLOSED}/v1`;
  await patient.expectMended("upstream", { found: /127\.0\.0\.1:1 does not list/, mended: "skipped" });
});

test("a collector of traces that is down is left out, any answer is enough", async () => {
  await withServer(async (url) => {
    patient.environment.OTEL_EXPORTER_OTLP_ENDPOINT = url;
    expect(await patient.examine("traces")).toMatchObject({ state: "ok" });
  });
  patient.environment.OTEL_EXPORTER_OTLP_ENDPOINT = CLOSED;
  await patient.expectMended("traces", { state: "warning", found: /127\.0\.0\.1:1 does not answer/, mended: "skipped" });
});
