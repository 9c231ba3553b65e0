import { lookup } from "node:dns/promises";
import { createServer } from "node:http";
import { listenOn } from "../server/listen.ts";
import { CheckFailure, type Finding, type Step } from "./step.ts";

/** Whether both loopback addresses are there, and what "localhost" means to clients. */
export function loopbackStep(): Step {
  async function run(): Promise<Finding> {
    const [v4, v6] = await Promise.all([canListen("127.0.0.1"), canListen("::1")]);
    if (!v4 && !v6) {
      const hint = "Bring the interface up: ip link set lo up.";
      throw new CheckFailure(1, "this machine has no loopback interface", hint);
    }
    const found = await lookup("localhost", { all: true }).catch(() => []);
    const addresses = found.map(({ address }) => address);
    const there = [v4 && "127.0.0.1", v6 && "::1"].filter(Boolean).join(" and ");
    const detail = `${there}; localhost → ${addresses.join(", ") || "nothing"}`;
    const absent = addresses.filter((one) => (one === "::1" ? !v6 : one === "127.0.0.1" && !v4));
    if (addresses.length > 0 && absent.length === 0) return { detail };
    const why = absent.length > 0 ? `${absent.join(", ")} cannot be listened on` : "no such name";
    const hint = "Let clients use http://127.0.0.1 instead of localhost, or mend the hosts file.";
    return { status: "warning", detail: `${detail}: ${why}`, hint };
  }
  return { name: "loopback", needs: ["config"], run };
}

async function canListen(host: string): Promise<boolean> {
  // Without "localhost" or "127.0.0.1" nothing else is listened on beside it.
  const address = host === "127.0.0.1" ? "127.0.0.2" : host;
  try {
    for (const server of await listenOn(address, 0, () => createServer())) server.close();
    return true;
  } catch {
    return false;
  }
}
