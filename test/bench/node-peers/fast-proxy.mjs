import { createServer } from "node:http";
import createProxy from "fast-proxy";

const { proxy } = createProxy({
  base: process.argv[2],
  undici: { connections: 8192, pipelining: 1 },
});
const rewriteRequestHeaders = (_req, headers) => ({
  ...headers,
  authorization: "Bearer fast-proxy",
});

const server = createServer((req, res) => proxy(req, res, req.url, { rewriteRequestHeaders }));
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
