import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { GuardedFetch } from "../egress/guarded-fetch.ts";
import { until } from "../engine/testing/until.ts";
import { ImageError } from "./image-error.ts";
import { IMAGE_LIMITS } from "./image-limits.ts";
import { ImageLoader } from "./image-loader.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** @returns the base URL of a server that counts as one of the internet. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://images.example.org:${address.port}`;
}

const fetch = new GuardedFetch(
  { allowHttp: true, totalMs: 20_000, connectMs: 5_000 },
  { resolve: () => Promise.resolve(["127.0.0.1"]), isAllowedAddress: (address) => address === "127.0.0.1" },
);

const never = new AbortController().signal;

const loader = (limits: Partial<typeof IMAGE_LIMITS> = {}): ImageLoader =>
  new ImageLoader({ fetch, limits: { ...IMAGE_LIMITS, ...limits } });

const png = (width = 20, height = 10): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: "red" } })
    .png()
    .toBuffer();

const dataUrl = (file: Buffer, type = "image/png"): string => `data:${type};base64,${file.toString("base64")}`;

async function failure(loading: Promise<unknown>): Promise<ImageError> {
  const error = await loading.catch((reason: unknown) => reason);
  if (!(error instanceof ImageError)) throw new Error("It did not fail as an image does.", { cause: error });
  return error;
}

describe("an image is loaded", () => {
  it("from a data URL", async () => {
    const image = await loader().load(dataUrl(await png()), "auto", never);
    expect(image).toMatchObject({ mediaType: "image/png", width: 20, height: 10 });
    expect(await sharp(Buffer.from(image.base64, "base64")).metadata()).toMatchObject({ format: "png", width: 20, height: 10 });
  });

  it("from a URL, in the size that the detail asks for", async () => {
    const file = await png(1_000, 1_000);
    const url = await serve((_request, response) => response.writeHead(200, { "content-type": "image/png" }).end(file));
    expect(await loader().load(`${url}/a`, "high", never)).toMatchObject({ mediaType: "image/jpeg", width: 768, height: 768 });
    expect(await loader().load(`${url}/a`, "low", never)).toMatchObject({ mediaType: "image/jpeg", width: 512, height: 512 });
  });

  it.each(["application/octet-stream", "binary/octet-stream", "image/jpg", "image/gif"])(
    "by what its bytes are, where a server says that it is %s",
    async (type) => {
      const file = await png();
      const url = await serve((_request, response) => response.writeHead(200, { "content-type": type }).end(file));
      expect(await loader().load(`${url}/a`, "auto", never)).toMatchObject({ width: 20 });
    },
  );

  it("by what its bytes are, where a data URL says something else", async () => {
    expect(await loader().load(dataUrl(await png(), "image/jpeg"), "auto", never)).toMatchObject({ mediaType: "image/png" });
  });
});

describe("an image is refused", () => {
  it.each(["iVBORw0KGgo=", "file:///etc/passwd", "a.png", ""])("that is given as %j", async (source) => {
    const { reason, message } = await failure(loader().load(source, "auto", never));
    expect(reason).toBe("source");
    expect(message).toContain("An image must be an https:// URL or a data URL (data:image/png;base64,…).");
  });

  it("that lies inside, in words that tell nothing", async () => {
    expect(await failure(loader().load("https://127.0.0.2:5432/", "auto", never))).toMatchObject({
      reason: "unfetchable",
      message: "The image cannot be fetched. Its host has no address in the public internet.",
    });
  });

  it("that is not there", async () => {
    const url = await serve((_request, response) => response.writeHead(404).end());
    expect(await failure(loader().load(`${url}/a`, "auto", never))).toMatchObject({
      reason: "unfetchable",
      message: "The image cannot be fetched. Its server answered with status 404.",
    });
  });

  it("that its server calls something else", async () => {
    const url = await serve((_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"));
    expect(await failure(loader().load(`${url}/a`, "auto", never))).toMatchObject({
      reason: "media-type",
      message: "The image cannot be used: send PNG, JPEG, WebP and GIF. Its server says that it is text/html.",
    });
  });

  it("that only its server calls an image", async () => {
    const url = await serve((_request, response) => response.writeHead(200, { "content-type": "image/png" }).end("<svg/>"));
    expect(await failure(loader().load(`${url}/a`, "auto", never))).toMatchObject({ reason: "unreadable" });
  });

  it("that is too large, whichever way it comes", async () => {
    const file = await png();
    const url = await serve((_request, response) => response.writeHead(200, { "content-type": "image/png" }).end(file));
    const small = loader({ imageBytes: 50 });
    const message = "The image has more than 50 bytes.";
    expect(await failure(small.load(`${url}/a`, "auto", never))).toMatchObject({ reason: "too-large", message });
    expect(await failure(small.load(dataUrl(file), "auto", never))).toMatchObject({ reason: "too-large", message });
  });

  it("by URL where only data URLs are allowed", async () => {
    const closed = new ImageLoader({ fetch: undefined, limits: IMAGE_LIMITS });
    expect(await failure(closed.load("https://images.example.org/a.png", "auto", never))).toMatchObject({ reason: "remote-forbidden" });
    expect(await closed.load(dataUrl(await png()), "auto", never)).toMatchObject({ width: 20 });
  });
});

describe("the images of one request", () => {
  const auto = (source: string) => ({ source, detail: "auto" }) as const;

  it("come in their order, however long each takes", async () => {
    const files = [await png(30), await png(10), await png(20)];
    const url = await serve((request, response) => {
      const index = Number(request.url?.slice(1));
      setTimeout(() => response.writeHead(200, { "content-type": "image/png" }).end(files[index]), 60 - index * 30);
    });
    const images = await loader().loadAll(
      [0, 1, 2].map((index) => auto(`${url}/${index}`)),
      never,
    );
    expect(images.map(({ width }) => width)).toEqual([30, 10, 20]);
  });

  it("may be none", async () => {
    expect(await loader().loadAll([], never)).toEqual([]);
  });

  it("are fetched four at a time", async () => {
    const file = await png();
    let open = 0;
    let most = 0;
    const answer: (() => void)[] = [];
    const url = await serve((_request, response) => {
      most = Math.max(most, ++open);
      answer.push(() => {
        open--;
        response.writeHead(200, { "content-type": "image/png" }).end(file);
      });
    });
    const loading = loader().loadAll(Array(20).fill(auto(`${url}/a`)), never);
    await until(() => open === 4);
    const answering = setInterval(() => answer.shift()?.(), 5);
    expect(await loading).toHaveLength(20);
    clearInterval(answering);
    expect(most).toBe(4);
  });

  it("fail together, by the index of the one at fault, and the others are hung up on", async () => {
    let arrived = false;
    let hungUp = false;
    const url = await serve((request, response) => {
      if (request.url === "/broken") void until(() => arrived).then(() => response.writeHead(404).end());
      else {
        arrived = true;
        request.on("close", () => {
          hungUp = true;
        });
      }
    });
    const sources = [dataUrl(await png()), `${url}/silent`, `${url}/broken`, `${url}/silent`];
    expect(await failure(loader().loadAll(sources.map(auto), never))).toMatchObject({ reason: "unfetchable", index: 2 });
    await until(() => hungUp);
  });

  it("are at most twenty", async () => {
    const source = dataUrl(await png());
    expect(await loader().loadAll(Array(20).fill(auto(source)), never)).toHaveLength(20);
    expect(await failure(loader().loadAll(Array(21).fill(auto(source)), never))).toMatchObject({
      reason: "too-many",
      index: 20,
      message: "The request has 21 images; 20 are allowed.",
    });
  });

  it("have a bound together, whichever way they come", async () => {
    const file = await png();
    const url = await serve((_request, response) => response.writeHead(200, { "content-type": "image/png" }).end(file));
    const tight = loader({ imageBytes: file.length, requestBytes: file.length * 3 });
    const images = (count: number) => Array.from({ length: count }, (_, index) => auto(index % 2 === 0 ? `${url}/a` : dataUrl(file)));
    expect(await tight.loadAll(images(3), never)).toHaveLength(3);
    expect(await failure(tight.loadAll(images(4), never))).toMatchObject({
      reason: "too-large",
      message: `The images of the request have more than ${file.length * 3} bytes together.`,
    });
  });

  it("end with the caller's own reason when the caller leaves", async () => {
    let arrived = false;
    const url = await serve(() => {
      arrived = true;
    });
    const caller = new AbortController();
    const loading = expect(loader().loadAll([auto(`${url}/a`), auto(`${url}/b`)], caller.signal)).rejects.toThrow("left");
    await until(() => arrived);
    caller.abort(new Error("left"));
    await loading;
  });
});

describe("many requests at once", () => {
  it("wait for each other, and are turned away beyond what may wait", async () => {
    const file = await png();
    let open = 0;
    let most = 0;
    const answer: (() => void)[] = [];
    const url = await serve((_request, response) => {
      most = Math.max(most, ++open);
      answer.push(() => {
        open--;
        response.writeHead(200, { "content-type": "image/png" }).end(file);
      });
    });
    const shared = loader();
    const loading = Array.from({ length: 16 + 256 }, () => shared.load(`${url}/a`, "auto", new AbortController().signal));
    expect(await failure(shared.load(`${url}/a`, "auto", new AbortController().signal))).toMatchObject({ reason: "overloaded" });
    await until(() => answer.length === 16);
    const answering = setInterval(() => {
      for (const send of answer.splice(0)) send();
    }, 1);
    expect(await Promise.all(loading)).toHaveLength(272);
    clearInterval(answering);
    expect(most).toBe(16);
  });
});
