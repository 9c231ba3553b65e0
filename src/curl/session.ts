import { randomBytes } from "node:crypto";
import type { RelayUrl } from "../client/relay-url.ts";
import { trustForRelay } from "../client/trust.ts";
import type { Config } from "../config/settings.ts";
import { startRelay } from "../relay.ts";
import { converse } from "./converse.ts";
import type { Call } from "./curl.ts";
import { badUsage } from "./failure.ts";
import { createHeaders } from "./headers.ts";
import type { CurlOptions } from "./options.ts";
import { createOutput } from "./output.ts";
import type { Remarks } from "./remarks.ts";
import { basesOf } from "./route.ts";
import { toTarget } from "./target.ts";

/** `--ws`: lines of standard input become messages, messages become lines of output. */
export async function runSession(call: Call, remarks: Remarks): Promise<void> {
  const { where, options, config, agent } = call;
  refuseOthers(options);
  const bases = basesOf(config, options.relay);
  const target = toTarget(where.replace(/^ws(s?:\/\/)/i, "http$1"), bases);
  const headers = await createHeaders(options, null, { host: "", agent });
  const output = createOutput(options, target);

  // A WebSocket library wants a server to talk to: a relay for this call alone.
  const token = options.relay ? config.tokens[0] : randomBytes(24).toString("hex");
  const own = options.relay ? undefined : await startRelay(forOneCall(config, token!), []);
  const relay: RelayUrl = options.relay ?? new URL(own!.server.url);
  try {
    const ca = relay.protocol === "https:" ? trustForRelay(config) : undefined;
    if (token !== undefined) headers.push("x-relay-token", token);
    await converse({ ...{ relay, target, headers, options, output, remarks, isOwn: !!own, ca } });
  } finally {
    await output.close();
    own?.server.cut();
    await own?.stop();
  }
}

function forOneCall(config: Config, token: string): Config {
  const door = { port: 0, host: "127.0.0.1", socket: "", tls: "off", otherUsers: "allow" } as const;
  return { ...config, ...door, tokens: [token], requireToken: true, websocket: true };
}

/** What makes no sense where lines are sent and received. */
function refuseOthers(options: CurlOptions): void {
  const { body, uploadFile, head, include, writeOut, retry, request } = options;
  if (body || uploadFile)
    throw badUsage("--ws sends the lines of standard input: leave -d, -F and -T out");
  if (head || include || writeOut || retry || request)
    throw badUsage("--ws: leave -I, -i, -w, -X and --retry out; -v shows the heads");
}
