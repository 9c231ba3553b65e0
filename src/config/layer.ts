import { homedir } from "node:os";
import { resolve } from "node:path";
import * as v from "valibot";
import type { Problem } from "./error.ts";
import type { Setting } from "./kinds.ts";
import { allSettings, type Group, isSetting, tree } from "./names.ts";
import { didYouMean } from "./nearest.ts";
import { printable, shown } from "./shown.ts";

/** What one source says about settings, checked: dotted path → value and where it came from. */
export type Layer = Map<string, Given>;

export type Given = { value: unknown; origin: string };

/** Who says it; `base` is the folder that relative file names start from. */
export type Source = { kind: "flag" | "variable" | "file"; origin: string; base: string };

/** Checks one value and takes it in; a wrong one becomes a problem. */
export function take(
  layer: Layer,
  path: string,
  raw: unknown,
  { kind, origin, base }: Source,
  problems: Problem[],
): void {
  const setting = allSettings.get(path);
  if (!setting) throw new Error(`There is no setting ${path}`);
  const said = kind === "file" ? raw : fromText(setting, raw);
  const checked = v.safeParse(setting.schema, said);
  if (checked.success) {
    const value = withFiles(setting, checked.output, (name) => toFile(name, base));
    layer.set(path, { value, origin });
    return;
  }
  const told = new Set<string>();
  for (const issue of checked.issues) {
    const at = path + placeOf(issue);
    if (told.has(at)) continue;
    told.add(at);
    const value = shown(setting, issue.path ? issue.path.at(-1)?.value : said);
    const hint = typeof said === "string" ? didYouMean(said, setting.choices ?? []) : "";
    const text = `"${at}" is ${value} (${origin}): it must be ${issue.message}${hint && `.${hint}`}`;
    problems.push({ text, flag: kind === "flag", path });
  }
}

/** Takes in all that a config file says. */
export function takeTree(
  layer: Layer,
  content: unknown,
  source: Source,
  problems: Problem[],
  { group = tree, prefix = "" }: { group?: Group; prefix?: string } = {},
): void {
  const complain = (text: string, path?: string) =>
    problems.push({ text, flag: false, ...(path && { path }) });
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    const what = prefix === "" ? "It" : `"${prefix.slice(0, -1)}"`;
    complain(`${what} must be an object of settings (${source.origin})`, prefix.slice(0, -1));
    return;
  }
  for (const [name, value] of Object.entries(content)) {
    const path = prefix + name;
    const entry = Object.hasOwn(group, name) ? group[name] : undefined;
    // An empty YAML key and `x: condition ? 1 : undefined` say nothing.
    if (value === null || value === undefined || path === "$schema") continue;
    if (path === "version") {
      if (value === 1) continue;
      complain(`"version" is ${shown(undefined, value)} (${source.origin}): it must be 1`, path);
    } else if (!entry) {
      const hint = didYouMean(path, allSettings.keys());
      complain(`"${printable(path)}" is not a setting (${source.origin}).${hint}`, path);
    } else if (isSetting(entry)) {
      take(layer, path, value, source, problems);
    } else {
      takeTree(layer, value, source, problems, { group: entry, prefix: `${path}.` });
    }
  }
}

/** Flags and variables are text, a repeated flag is several texts, a switch is what it is. */
function fromText(setting: Setting, raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.flatMap((part) => setting.fromText(String(part)));
  return typeof raw === "string" ? setting.fromText(raw) : raw;
}

function placeOf(issue: v.BaseIssue<unknown>): string {
  const steps = issue.path ?? [];
  return steps.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
}

/** A value whose file names are absolute. */
function withFiles(setting: Setting, value: unknown, toFile: (name: string) => string): unknown {
  if (setting.isFile) return toFile(String(value));
  return setting.mapFiles ? setting.mapFiles(value, toFile) : value;
}

function toFile(name: string, base: string): string {
  // "" is no file, "-" is standard input, and SQLite has a name for what is in no file.
  if (name === "" || name === "-" || name === ":memory:") return name;
  return resolve(base, name.replace(/^~(?=[/\\]|$)/, homedir()));
}
