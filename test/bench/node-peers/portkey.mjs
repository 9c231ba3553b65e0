import { Server } from "node:http";
import { createServer } from "node:net";

// The gateway finds its upstream in headers that its clients send: they are put on here. It says
// nothing that could be waited for, and takes no port 0.
const own = [
  ["x-portkey-provider", "openai"],
  ["x-portkey-custom-host", `${process.argv[2]}/v1`],
].flat();
const { log } = console;
console.log = () => {};
const { emit } = Server.prototype;
Server.prototype.emit = function (event, req, ...rest) {
  if (event === "request") req.rawHeaders.push(...own);
  if (event === "listening") log(`http://127.0.0.1:${this.address().port}`);
  return emit.call(this, event, req, ...rest);
};

const probe = createServer().listen(0, "127.0.0.1", () => {
  const { port } = probe.address();
  process.argv.splice(2, 1, `--port=${port}`, "--headless");
  probe.close(() => import("./node_modules/@portkey-ai/gateway/build/start-server.js"));
});
