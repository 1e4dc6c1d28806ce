import { expect, it } from "vitest";
import { readProxySettings } from "./proxy-settings.ts";

it.each([
  [{}, undefined],
  [{ NO_PROXY: "localhost" }, undefined],
  [{ HTTPS_PROXY: "" }, undefined],
  [{ ALL_PROXY: "socks5://proxy:1080" }, undefined],
  [{ HTTPS_PROXY: "http://proxy:3128" }, { httpProxy: "", httpsProxy: "http://proxy:3128", noProxy: "" }],
  [
    { https_proxy: "http://small:1", HTTPS_PROXY: "http://capital:1" },
    { httpProxy: "", httpsProxy: "http://small:1", noProxy: "" },
  ],
  [
    { ALL_PROXY: "proxy:3128", NO_PROXY: "a,b" },
    { httpProxy: "http://proxy:3128", httpsProxy: "http://proxy:3128", noProxy: "a,b" },
  ],
  [
    { http_proxy: "http://a:1", all_proxy: "http://b:1" },
    { httpProxy: "http://a:1", httpsProxy: "http://b:1", noProxy: "" },
  ],
])("%j lead to %j", (environment, settings) => {
  expect(readProxySettings(environment)).toEqual(settings);
});
