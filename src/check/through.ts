import type { RelayUrl } from "../client/relay-url.ts";
import { createRemote } from "../client/remote.ts";
import type { Config } from "../config/settings.ts";
import { type Asked, httpSteps } from "./http.ts";
import { relayStep } from "./relay.ts";
import { createRemoteUpgrade } from "./remote-upgrade.ts";
import type { Run } from "./run.ts";
import { toOther } from "./talk.ts";

/** A relay that runs, and OpenAI through it. Returns the relay's address as people write it. */
export async function checkRelay(
  run: Run,
  config: Config,
  relay: RelayUrl,
  asked: Asked,
): Promise<string> {
  const upgrade = createRemoteUpgrade(relay, config);
  const other = toOther(relay, createRemote(relay, config), upgrade);
  const steps = httpSteps({
    ...asked,
    ...{ other, seen: {}, needs: ["relay"] },
    ...{ keyless: undefined, noWebSocket: undefined },
    sent: () => ({ upstream: other.name, keySource: undefined, loaded: undefined }),
    // Whether that relay has one is its own business: without, it sends the ordinary key.
    hasAdminKey: () => false,
  });
  await run.take([relayStep(other), ...steps]);
  return other.name;
}
