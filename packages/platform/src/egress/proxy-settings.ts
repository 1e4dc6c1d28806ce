/** The way to hosts outside, as curl and most others read it from the environment. An empty text: no proxy. */
export interface ProxySettings {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  /** Hosts that are reached straight: `localhost,.example.org,*`. */
  readonly noProxy: string;
}

/** @param environment `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in capitals or small. @returns undefined where none is set */
export function readProxySettings(environment: Readonly<Record<string, string | undefined>>): ProxySettings | undefined {
  const of = (name: string): string => environment[name] || environment[name.toUpperCase()] || "";
  const all = of("all_proxy");
  const httpProxy = usable(of("http_proxy") || all);
  const httpsProxy = usable(of("https_proxy") || all);
  if (httpProxy === "" && httpsProxy === "") return undefined;
  return { httpProxy, httpsProxy, noProxy: of("no_proxy") };
}

/** `proxy.example.org:3128` stands for an HTTP proxy. Others, such as SOCKS, are not spoken here. */
function usable(proxy: string): string {
  const url = proxy === "" || proxy.includes("://") ? proxy : `http://${proxy}`;
  return URL.canParse(url) && /^https?:\/\//i.test(url) ? url : "";
}
