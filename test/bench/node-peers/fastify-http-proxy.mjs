import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";

const server = fastify({ bodyLimit: 2 ** 40 });
server.register(httpProxy, {
  upstream: process.argv[2],
  websocket: true,
  undici: { connections: 8192, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 },
  replyOptions: {
    rewriteRequestHeaders: (_req, headers) => ({ ...headers, authorization: "Bearer fastify" }),
  },
});
console.log(await server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }));
