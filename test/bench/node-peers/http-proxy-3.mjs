import { Agent, createServer } from "node:http";
import { createProxyServer } from "http-proxy-3";

const agent = new Agent({ keepAlive: true });
const proxy = createProxyServer({
  target: process.argv[2],
  agent,
  ws: true,
  headers: { authorization: "Bearer http-proxy-3" },
});
proxy.on("error", (_error, _req, res) => res.destroy());

const server = createServer((req, res) => proxy.web(req, res));
server.on("upgrade", (req, socket, head) => proxy.ws(req, socket, head));
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
