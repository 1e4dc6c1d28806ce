import { describe, expect, it } from "vitest";
import type { OutgoingCall } from "../../engine/engine.ts";
import { Secret } from "../../secrets/secret.ts";
import { readAwsKey, signForAws } from "./aws-sigv4.ts";

const EXAMPLE_KEY = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SIGNING = { region: "us-east-1", service: "service", at: new Date("2015-08-30T12:36:00Z") };
const FORM = "application/x-www-form-urlencoded";
const SCOPE = "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";

const call = (asked: Partial<OutgoingCall> & { path?: string }): OutgoingCall => ({
  method: asked.method ?? "GET",
  url: new URL(`https://example.amazonaws.com${asked.path ?? "/"}`),
  headers: asked.headers ?? {},
  body: asked.body,
});

// AWS's Signature Version 4 test suite; the names are its.
describe("a signature", () => {
  it.each<[string, Parameters<typeof call>[0], string, string]>([
    ["get-vanilla", {}, "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    [
      "get-vanilla-query-order-key-case",
      { path: "/?Param2=value2&Param1=value1" },
      "host;x-amz-date",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    ["post-vanilla", { method: "POST" }, "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "post-x-www-form-urlencoded",
      { method: "POST", headers: { "content-type": FORM }, body: "Param1=value1" },
      "content-type;host;x-amz-date",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ],
  ])("is that of AWS's own test %s", (_name, asked, signedHeaders, signature) => {
    const headers = signForAws(call(asked), { ...SIGNING, key: readAwsKey(new Secret(EXAMPLE_KEY)) });
    expect(headers).toEqual({
      authorization: `AWS4-HMAC-SHA256 ${SCOPE}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      "x-amz-date": "20150830T123600Z",
    });
  });

  it("has the session's token in it, where there is one", () => {
    const headers = signForAws(call({}), { ...SIGNING, key: readAwsKey(new Secret(`${EXAMPLE_KEY}:IQoJb3JpZ2luX2VjE==`)) });
    expect(headers["x-amz-security-token"]).toBe("IQoJb3JpZ2luX2VjE==");
    expect(headers.authorization).toContain("SignedHeaders=host;x-amz-date;x-amz-security-token,");
  });

  it("leaves out headers that proxies change", () => {
    const headers = signForAws(call({ headers: { traceparent: "00-1-2-01", accept: "*/*" } }), {
      ...SIGNING,
      key: readAwsKey(new Secret(EXAMPLE_KEY)),
    });
    expect(headers.authorization).toContain("SignedHeaders=host;x-amz-date,");
  });
});

it.each(["", "AKID", "AKID:", ":secret"])("%j is no key for AWS, and the message does not repeat it", (text) => {
  expect(() => readAwsKey(new Secret(text))).toThrow(/^A key for AWS has the form ACCESS_KEY_ID:SECRET_ACCESS_KEY or /);
});
