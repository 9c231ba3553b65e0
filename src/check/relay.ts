import { CheckFailure, type Finding, type Step } from "./step.ts";
import { get, type Other } from "./talk.ts";

const target = "/_relay/health";

/** Whether a relay runs at the address. */
export function relayStep(other: Other): Step {
  async function run(signal: AbortSignal): Promise<Finding> {
    if (await isRelay(other, signal)) return { detail: `${other.name} serves` };
    const hint = "Another program has that port: check the address that relay start printed.";
    throw new CheckFailure(8, `${other.name} is not a relay (GET ${target})`, hint);
  }
  return {
    name: "relay",
    needs: ["config"],
    run: (signal) => run(signal).catch((error) => explain(error, other)),
  };
}

export async function isRelay(other: Other, signal: AbortSignal): Promise<boolean> {
  const { status, body } = await get(other, target, signal);
  return status === 200 && /"status":"ok"/.test(String(body));
}

/** Here it is the relay itself that cannot be reached. */
function explain(error: unknown, { name }: Other): never {
  if (!(error instanceof CheckFailure) || error.exitCode !== 7) throw error;
  const hint = /TLS/.test(error.message)
    ? 'Trust its certificate: export "$(relay tls)" on the machine that it runs on.'
    : 'Start it with "relay start", or check the address that it printed.';
  // On a Unix socket the address that was asked says nothing.
  const detail = error.message.replace(/https?:\/\/\S+(?= \()/, name);
  throw new CheckFailure(7, detail, hint);
}
