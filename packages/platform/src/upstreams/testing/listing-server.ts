import { once } from "node:events";
import { createServer } from "node:http";

/** A server that has a list of models and nothing else. */
interface ListingServer {
  /** Base URL as operators set it. */
  readonly url: string;
  /** The credentials of each time it was asked. */
  readonly askedWith: (string | undefined)[];
  models: readonly object[];
  /** Anything but 200 fails. */
  status: number;
  close(): Promise<void>;
}

export async function startListingServer(models: readonly string[]): Promise<ListingServer> {
  const server = createServer((request, response) => {
    listing.askedWith.push(request.headers.authorization);
    response.writeHead(listing.status, { "content-type": "application/json" });
    // What a careless server says of a key.
    const refusal = { error: { message: `Wrong key: ${request.headers.authorization}`, code: null } };
    response.end(JSON.stringify(listing.status === 200 ? { object: "list", data: listing.models } : refusal));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const listing: ListingServer = {
    url: `http://127.0.0.1:${address.port}/v1`,
    askedWith: [],
    models: models.map((id) => ({ id })),
    status: 200,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return listing;
}
