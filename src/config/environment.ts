import type { Problem } from "./error.ts";
import { type Layer, type Source, take } from "./layer.ts";
import { allSettings, variableOf } from "./names.ts";
import { didYouMean } from "./nearest.ts";

type Env = NodeJS.ProcessEnv;

/** OpenAI's own names; the RELAY_ names win over them. */
const standard = { OPENAI_ORG_ID: "organization", OPENAI_PROJECT_ID: "project" };

/** RELAY_ names that are no settings: which file to read, and one that the old relay had. */
const others = ["RELAY_CONFIG", "RELAY_TIMEOUT_SECONDS"];

/** Kubernetes and Docker links add these where a service is called "relay". */
const fromCluster = /^RELAY_(SERVICE|PORT)_/;

/** A variable's text without blanks around it; an empty one counts as unset. */
export function variable(env: Env, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

/** What the environment says under the names in use today. */
export function environmentLayer(
  env: Env,
  cwd: string,
  problems: Problem[],
  remarks: string[],
): Layer {
  const layer: Layer = new Map();
  const byName = new Map(Object.entries(standard));
  for (const path of allSettings.keys()) byName.set(variableOf(path), path);

  for (const [name, path] of byName) {
    const text = variable(env, name);
    if (text === undefined) continue;
    if (name === "RELAY_PORT" && text.startsWith("tcp://")) {
      remarks.push(`RELAY_PORT=tcp://… is a service link of the cluster, not a port: ignored.`);
      continue;
    }
    take(layer, path, text, fromVariable(name, cwd), problems);
  }

  const known = [...byName.keys(), ...others];
  for (const name of Object.keys(env)) {
    if (!name.startsWith("RELAY_") || known.includes(name) || fromCluster.test(name)) continue;
    if (variable(env, name)) remarks.push(`${name} is not a setting.${didYouMean(name, known)}`);
  }
  return layer;
}

export function fromVariable(name: string, cwd: string): Source {
  return { kind: "variable", origin: `env ${name}`, base: cwd };
}
