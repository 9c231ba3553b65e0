import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Event } from "js-yaml";
import type { Problem } from "./error.ts";
import { isModule, toText } from "./read.ts";

/** Says line and column where a problem lies in a file. `name` is how messages call the file. */
export async function pointTo(
  problems: readonly Problem[],
  file: string,
  name: string,
): Promise<Problem[]> {
  const inFile = `(file ${name})`;
  const isOurs = ({ path, text }: Problem) => path !== undefined && text.includes(inFile);
  if (isModule(file) || !problems.some(isOurs)) return [...problems];
  const prefix = basename(file) === "package.json" ? "openai-relay." : "";
  // What cannot be read as YAML after all has no positions.
  const text = toText(readFileSync(file));
  const positions = await positionsIn(text).catch(() => new Map<string, string>());
  return problems.map((problem) => {
    const position = isOurs(problem) && positions.get(prefix + problem.path);
    if (!position) return problem;
    return { ...problem, text: problem.text.replace(inFile, `(file ${name}:${position})`) };
  });
}

/** Where names, and the items of lists, stand in JSON or YAML: dotted path → `line:column`. */
export async function positionsIn(text: string): Promise<Map<string, string>> {
  const { EVENT_MAPPING, EVENT_POP, EVENT_SCALAR, EVENT_SEQUENCE, parseEvents } = await import(
    "js-yaml"
  );
  // JSON may be indented with tabs, YAML may not.
  const source = text.replaceAll("\t", " ");
  const positions = new Map<string, string>();
  const events = parseEvents(source, {}).values();
  const next = () => events.next().value ?? { type: EVENT_POP };
  const walk = (event: Event, prefix: string): void => {
    if (event.type === EVENT_SEQUENCE)
      for (let item = next(), at = 0; item.type !== EVENT_POP; item = next(), at++) {
        if ("start" in item) positions.set(`${prefix}${at}`, toPosition(source, item.start));
        walk(item, `${prefix}${at}.`);
      }
    if (event.type !== EVENT_MAPPING) return;
    for (let key = next(); key.type !== EVENT_POP; key = next()) {
      walk(key, prefix);
      const name = key.type === EVENT_SCALAR ? source.slice(key.valueStart, key.valueEnd) : "";
      if (key.type === EVENT_SCALAR)
        positions.set(prefix + name, toPosition(source, key.valueStart));
      walk(next(), `${prefix}${name}.`);
    }
  };
  next();
  walk(next(), "");
  return positions;
}

function toPosition(text: string, offset: number): string {
  const before = text
    .slice(0, offset)
    .replace(/["']$/, "")
    .split(/\r\n|\n/);
  return `${before.length}:${before.at(-1)!.length + 1}`;
}
