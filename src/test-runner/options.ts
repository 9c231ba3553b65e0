import { ConfigError, UsageError } from "../config/error.ts";
import { loadConfig } from "../config/load.ts";
import { allSettings } from "../config/names.ts";
import { didYouMean } from "../config/nearest.ts";
import type { Config } from "../config/settings.ts";
import type { RelayOptions } from "./test.d.cts";

const tapes = ["replay", "record", "tape"] as const;

/** The settings in force: what a test says, over all that holds for `relay run`. */
export async function toConfig(options: RelayOptions, env: NodeJS.ProcessEnv): Promise<Config> {
  const { config: file, env: _env, log, mock, settings = {}, ...plain } = options;
  const said = { ...settings, ...plain, ...mockFlags(mock), "log.level": log };
  for (const name of Object.keys(said))
    if (!allSettings.has(name))
      throw new TypeError(
        `startRelay: "${name}" is no option.${didYouMean(name, allSettings.keys())}`,
      );

  const flags = { ...withoutOthers(options), ...defined(said), host: "127.0.0.1", port: "0" };
  const input = { flags, env, cwd: process.cwd(), ...(file !== undefined && { config: file }) };
  const { config, origins } = await loadConfig(input).catch(asOption);
  if (origins["log.level"] === "default") config.log.level = "silent";
  return { ...config, socket: "", tokens: [], requireToken: false };
}

/** Who names what answers means just that, whatever the environment says of the others. */
function withoutOthers({ mock, ...options }: RelayOptions): Record<string, unknown> {
  const isNamed = tapes.some((name) => options[name] !== undefined);
  if (!isNamed && !mock) return {};
  return { replay: "", record: "", tape: "", mock: false };
}

/** `{ latency: "1s" }` is `mockLatency`. */
function mockFlags(mock: RelayOptions["mock"]): Record<string, unknown> {
  if (typeof mock !== "object") return { mock };
  const named = Object.entries(mock).map(([name, value]) => [
    `mock${name[0]?.toUpperCase()}${name.slice(1)}`,
    value,
  ]);
  return { mock: true, ...Object.fromEntries(named) };
}

function defined(said: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** Nobody has written the flag that such a message names. */
function asOption(error: unknown): never {
  if (!(error instanceof UsageError) && !(error instanceof ConfigError)) throw error;
  const problems = error.problems.map((line) => line.replace(/\(flag --[\w-]+\)/, "(startRelay)"));
  throw new Error(problems.join("\n"));
}
