import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Pages = AsyncDisposable & {
  port: number;
  /** `http://127.0.0.1:port`, the origin of the pages. */
  origin: string;
  /**
   * What is served at a path, also by hand. Every other one has an empty page, but /redirect?URL, which
   * leads there with method and body.
   */
  set(path: string, content: string | ((res: ServerResponse) => void)): void;
};

/** A web site of its own origin on this machine. */
export async function startPages(port = 0): Promise<Pages> {
  const contents = new Map<string, string | ((res: ServerResponse) => void)>();
  const server = createServer((req, res) => {
    if (req.url?.startsWith("/redirect?")) {
      res.writeHead(307, { location: req.url.slice("/redirect?".length) }).end();
      return;
    }
    const content = contents.get(req.url ?? "/") ?? "<!doctype html><title>page</title>";
    if (typeof content !== "string") {
      content(res);
      return;
    }
    const type = req.url?.endsWith(".js") ? "text/javascript" : "text/html";
    res.setHeader("content-type", `${type}; charset=utf-8`);
    res.end(content);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: chosen } = server.address() as AddressInfo;
  return {
    port: chosen,
    origin: `http://127.0.0.1:${chosen}`,
    set: (path, content) => {
      contents.set(path, content);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
