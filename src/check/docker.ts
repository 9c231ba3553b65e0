import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config/settings.ts";
import { type Finding, type Step, skipped } from "./step.ts";

const name = "host.docker.internal";

/** Whether containers on this machine would reach the relay. */
export function dockerStep({ host, port, socket, allowedHosts }: Config): Step {
  const url = `http://${name}:${port}`;

  function run(): Finding {
    if (existsSync("/.dockerenv")) return inside();
    const bridge = bridgeAddress();
    if (bridge === undefined && !existsSync("/var/run/docker.sock"))
      return skipped("no Docker here");
    if (socket !== "") return skipped("a Unix socket: mount it into the container");
    const allowed = allowedHosts.includes(name);
    // Docker Desktop leads that name to the loopback of its host, Linux to the bridge.
    const isReached = process.platform !== "linux" || !isLoopback(host);
    if (!isReached) {
      const how = `for that: --host ${bridge ?? "0.0.0.0"} --allowed-hosts ${name}, and a token`;
      return { ...skipped(`containers do not reach a relay on ${host}`), notes: [how] };
    }
    if (allowed) return { detail: `containers reach the relay at ${url}` };
    const hint = `Add --allowed-hosts ${name} if containers are to call it.`;
    if (process.platform !== "linux")
      return { ...skipped(`${name} is not allowed`), notes: [hint] };
    return { status: "warning", detail: `containers reach the port, but not as ${name}`, hint };
  }

  function inside(): Finding {
    if (!isLoopback(host)) return { detail: `this is a container, and the relay is on ${host}` };
    const notes = ["for others: --host 0.0.0.0, a token, and the port published"];
    return { ...skipped(`this is a container: ${host} is its own`), notes };
  }

  return { name: "docker", needs: ["config"], run };
}

/** The address of this machine on Docker's network, on Linux. */
function bridgeAddress(): string | undefined {
  const found = Object.entries(networkInterfaces()).find(([one]) => /^docker\d+$/.test(one));
  return found?.[1]?.find(({ family }) => family === "IPv4")?.address;
}
