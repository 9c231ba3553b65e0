import { fromVariable, variable } from "./environment.ts";
import type { Problem } from "./error.ts";
import { type Given, type Layer, take } from "./layer.ts";
import { pointsAt } from "./loopback.ts";

type Former = { name: string; paths: string[]; now: string; toText?: (text: string) => string };

const timeouts = ["timeouts.head", "timeouts.idle"];
const timeoutsNow = "RELAY_TIMEOUTS_HEAD and RELAY_TIMEOUTS_IDLE";
const toSeconds = (text: string) => (/^[\d.]+$/.test(text) ? `${text}s` : text);

/** What the old relay called its settings; of two names for one setting the first wins. */
const formers: Former[] = [
  { name: "OPENAI_API_BASE", paths: ["upstream"], now: "RELAY_UPSTREAM" },
  { name: "OPENAI_ORGANIZATION", paths: ["organization"], now: "OPENAI_ORG_ID" },
  { name: "RELAY_TIMEOUT_SECONDS", paths: timeouts, now: timeoutsNow, toText: toSeconds },
  { name: "PROXY_TIMEOUT_SECONDS", paths: timeouts, now: timeoutsNow, toText: toSeconds },
  { name: "OPENAI_ASSISTANTS_BETA", paths: ["beta"], now: "RELAY_BETA" },
  { name: "OPENAI_REALTIME_BETA", paths: ["beta"], now: "RELAY_BETA" },
];

type Around = {
  /** Says for a setting what flags and the variables of today say. */
  newer: (path: string) => Given | undefined;
  /** Says for a setting what holds without the old names. */
  below: (path: string) => Given | undefined;
};

/** What the environment says under the names of the old relay, with a remark for each. */
export function formerLayer(
  env: NodeJS.ProcessEnv,
  cwd: string,
  { newer, below }: Around,
  problems: Problem[],
  remarks: string[],
): Layer {
  const layer: Layer = new Map();
  const current = (path: string) => (newer(path) ?? below(path))?.value;

  for (const { name, paths, now, toText } of formers) {
    const text = variable(env, name);
    if (text === undefined) continue;
    // The first OpenAI SDKs read this name: it may be there for clients, and mean this relay.
    if (name === "OPENAI_API_BASE" && pointsAt(text, current("host"), current("port"))) {
      remarks.push(`${name} points at this relay and is ignored here.`);
      continue;
    }
    // "relay run" says both to its command.
    if (text === variable(env, now)) continue;
    const open = paths.filter((path) => !newer(path) && (path === "beta" || !layer.has(path)));
    if (open.length === 0) {
      const winner = newer(paths[0]!) ?? layer.get(paths[0]!);
      remarks.push(
        `${name}, a name of the old relay, is ignored: ${winner?.origin} says otherwise.`,
      );
      continue;
    }
    remarks.push(`${name} is a name of the old relay and still works; it is now ${now}.`);
    for (const path of open) {
      const before = layer.get(path) ?? below(path);
      take(layer, path, toText ? toText(text) : text, fromVariable(name, cwd), problems);
      if (path === "beta") addTo(layer, path, before);
    }
  }
  return layer;
}

/** A beta flag of the old relay is one more, not one instead. */
function addTo(layer: Layer, path: string, before: Given | undefined): void {
  const added = layer.get(path);
  if (!before || !added || added === before) return;
  const value = [...new Set([...(before.value as string[]), ...(added.value as string[])])];
  layer.set(path, { value, origin: added.origin });
}
