import { existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { caddyProxy, haproxyProxy, nginxProxy } from "./peers.ts";
import { find } from "./process.ts";
import { freePort, startListening, startTelling, type Target } from "./start.ts";

/** A way to start a target in front of an upstream. */
export type Kind = { name: string; start(upstreamPort: number): Promise<Target> };

const root = join(import.meta.dirname, "../..");

/** Proxies from npm, each in a file that is told the upstream and prints its URL. */
const nodePeers = ["http-proxy-3", "httpxy", "fast-proxy", "fastify-http-proxy", "portkey"];
const peersFolder = join(import.meta.dirname, "node-peers");

/**
 * What can be compared on this machine. Their files go to `folder`. With more than one of `workers` there
 * is another relay, which has all cores.
 */
export async function findKinds(
  folder: string,
  workers: number,
): Promise<{ kinds: Kind[]; missing: string[] }> {
  const stderr = openSync(join(folder, "targets.log"), "a");
  // Nothing of the user's settings, and nothing turned off: the log line is on.
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_CACHE_HOME: folder,
    OPENAI_API_KEY: "sk-bench",
    // One core is what all of them are given.
    GOMAXPROCS: "1",
  };
  const place = { env, stderr };
  const kinds: Kind[] = [{ name: "direct", start: startDirect }];
  const missing: string[] = [];

  const launcher = join(root, "bin/openai-relay.cjs");
  const relay = [launcher, "start", "--no-config", "--port", "0", "--upstream"];
  kinds.push({
    name: "relay",
    async start(upstreamPort) {
      const args = [...relay, origin(upstreamPort)];
      return { ...(await startTelling(args, place)), health: "/_relay/health" };
    },
  });
  if (workers > 1)
    kinds.push({
      name: `relay ×${workers}`,
      start(upstreamPort) {
        const args = [...relay, origin(upstreamPort), "--workers", String(workers)];
        return startTelling(args, { ...place, core: "any" });
      },
    });

  const bare = join(folder, "bare.cjs");
  await buildBare(bare);
  kinds.push({ name: "bare", start: (port) => startTelling([bare, origin(port)], place) });

  addPeer("nginx", (program, port, upstreamPort) => {
    const file = join(folder, "nginx.conf");
    writeFileSync(file, nginxProxy(folder, port, upstreamPort));
    return [program, "-p", folder, "-c", file];
  });
  addPeer("haproxy", (program, port, upstreamPort) => {
    const file = join(folder, "haproxy.cfg");
    writeFileSync(file, haproxyProxy(port, upstreamPort));
    return [program, "-db", "-f", file];
  });
  addPeer("caddy", (program, port, upstreamPort) => {
    const file = join(folder, "caddy.json");
    writeFileSync(file, caddyProxy(port, upstreamPort));
    return [program, "run", "--config", file];
  });
  if (existsSync(join(peersFolder, "node_modules")))
    for (const name of nodePeers) {
      const file = join(peersFolder, `${name}.mjs`);
      kinds.push({ name, start: (port) => startTelling([file, origin(port)], place) });
    }
  else missing.push("proxies from npm (npm ci --prefix test/bench/node-peers)");
  return { kinds, missing };

  function addPeer(name: string, toCommand: ToCommand): void {
    const program = find(name);
    if (program === undefined) {
      missing.push(name);
      return;
    }
    const start = async (upstreamPort: number) => {
      const port = await freePort();
      return startListening(toCommand(program, port, upstreamPort), port, place);
    };
    kinds.push({ name, start });
  }
}

type ToCommand = (program: string, port: number, upstreamPort: number) => string[];

function origin(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** No proxy at all: what the others add is the difference. */
async function startDirect(port: number): Promise<Target> {
  return { port, pid: undefined, startedAt: 0, readyMs: 0, stop: async () => {} };
}

const slimUndici: Plugin = {
  name: "slim undici",
  setup({ onResolve }) {
    onResolve({ filter: /^undici$/ }, () => ({
      path: join(import.meta.dirname, "undici-client.cjs"),
    }));
  },
};

/** Bundled as the relay is, so that loading TypeScript or the whole of undici is not measured. */
async function buildBare(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "bare.ts")],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    plugins: [slimUndici],
    define: { esbuildDetection: "true" },
  });
}
