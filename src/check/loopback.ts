import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { CheckFailure, type Finding, type Step } from "./step.ts";

/** Whether both loopback addresses are there, and what "localhost" means to clients. */
export function loopbackStep(): Step {
  async function run(): Promise<Finding> {
    const [v4, v6] = await Promise.all([isThere("127.0.0.1"), isThere("::1")]);
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
    const why = absent.length > 0 ? `${absent.join(" and ")} is not there` : "no such name";
    const hint = "Let clients use http://127.0.0.1 instead of localhost, or mend the hosts file.";
    return { status: "warning", detail: `${detail}: ${why}`, hint };
  }
  return { name: "loopback", needs: ["config"], run };
}

async function isThere(host: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(0, host), "listening");
    // An interface that is down has addresses all the same.
    const socket = connect({ host, port: (server.address() as AddressInfo).port });
    await once(socket, "connect", { signal: AbortSignal.timeout(1000) });
    socket.destroy();
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
