import { randomUUID } from "node:crypto";
import type { Config } from "../config/settings.ts";
import { wantsToken } from "../config/token-rules.ts";
import { needsFields } from "../policy/askers.ts";
import type { Case } from "./case.ts";
import type { Wishes } from "./terms.ts";

const key = "sk-conformance-key";
const adminKey = "sk-conformance-admin-key";

/** A set-up that is tried without its own upstream, keys and port. */
export type Tried = {
  config: Config;
  env: NodeJS.ProcessEnv;
  wishes: Wishes;
  keyOf(sent: Case): string;
  /** The case as such a relay can take it; `undefined`: not at all. */
  fit(sent: Case): Case | undefined;
};

/** These settings, with all that has no say in what goes over the wire replaced. */
export function toTried(given: Config, env: NodeJS.ProcessEnv, upstreamPort: number): Tried {
  const path = new URL(given.upstream).pathname.replace(/\/+$/, "");
  const token = wantsToken(given) ? randomUUID() : undefined;
  // What is tried costs nothing: no budget is to hold it back, or to count it.
  const free: Config = { ...given, budget: [] };
  const readsBodies = needsFields(free);
  const config: Config = {
    ...free,
    ...{ upstream: `http://127.0.0.1:${upstreamPort}${path}`, proxy: "off" },
    ...{ port: 0, host: "127.0.0.1", socket: "", workers: 1, tls: "off" },
    ...{ keyFile: "", keyCommand: [], adminKeyFile: "", adminKeyCommand: [], envFile: "" },
    keychain: false,
    keys: given.keys.map(({ name, paths, models }) => ({
      ...{ name, paths, models, env: "OPENAI_API_KEY" },
    })),
    ...(token !== undefined && { requireToken: true, tokens: [...given.tokens, token] }),
  };

  return {
    config,
    env: { ...env, OPENAI_API_KEY: key, OPENAI_ADMIN_KEY: adminKey },
    wishes: { ...config, prefix: path === "" ? "/v1" : path },
    keyOf: ({ admin }) => (admin ? adminKey : key),
    fit(sent) {
      const { ask } = sent;
      const lines = [...ask.lines];
      if (token !== undefined) lines.push(["X-Relay-Token", ` ${token}`]);
      if (!readsBodies || ask.body.framing === "close") return { ...sent, ask: { ...ask, lines } };
      // Nothing goes up before all has come: who waits for that would wait for ever.
      if (/upload|early/.test(ask.leaves ?? "")) return undefined;
      return { ...sent, ask: { ...ask, lines, body: { ...ask.body, paced: false } } };
    },
  };
}
