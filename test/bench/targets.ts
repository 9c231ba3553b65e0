import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { haproxyProxy, nginxProxy } from "./peers.ts";
import { find } from "./process.ts";
import { freePort, startListening, startTelling, type Target } from "./start.ts";

/** A way to start a target in front of an upstream. */
export type Kind = { name: string; start(upstreamPort: number): Promise<Target> };

const root = join(import.meta.dirname, "../..");

/** What can be compared on this machine. Their files go to `folder`. */
export async function findKinds(folder: string): Promise<{ kinds: Kind[]; missing: string[] }> {
  const stderr = openSync(join(folder, "targets.log"), "a");
  // Nothing of the user's settings, and nothing turned off: the log line is on.
  const env = { PATH: process.env.PATH, XDG_CACHE_HOME: folder, OPENAI_API_KEY: "sk-bench" };
  const place = { env, stderr };
  const kinds: Kind[] = [{ name: "direct", start: startDirect }];
  const missing: string[] = [];

  const launcher = join(root, "bin/openai-relay.cjs");
  kinds.push({
    name: "relay",
    async start(upstreamPort) {
      const args = [
        launcher,
        "start",
        "--no-config",
        "--port",
        "0",
        "--upstream",
        origin(upstreamPort),
      ];
      return { ...(await startTelling(args, place)), health: "/_relay/health" };
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
    onResolve({ filter: /^undici$/ }, () => ({ path: join(root, "bin/undici-slim.cjs") }));
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
