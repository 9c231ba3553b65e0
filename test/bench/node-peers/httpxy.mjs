import { Agent, createServer } from "node:http";
import { createProxyServer } from "httpxy";

const agent = new Agent({ keepAlive: true });
const proxy = createProxyServer({
  target: process.argv[2],
  agent,
  ws: true,
  headers: { authorization: "Bearer httpxy" },
});
proxy.on("error", (_error, _req, res) => res?.destroy());

const server = createServer((req, res) => proxy.web(req, res).catch(() => res.destroy()));
server.on("upgrade", (req, socket, head) => proxy.ws(req, socket, {}, head).catch(() => {}));
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
