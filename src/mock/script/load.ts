import { readFileSync } from "node:fs";
import * as v from "valibot";
import { ConfigError } from "../../config/error.ts";
import { display } from "../../config/folders.ts";
import { didYouMean } from "../../config/nearest.ts";
import { positionsIn } from "../../config/positions.ts";
import { isModule, readConfigFile, toText } from "../../config/read.ts";
import { printable, shown } from "../../config/shown.ts";
import { type Rule, scriptSchema } from "./schema.ts";

/** Reads a script; throws a `ConfigError` that names the place of all that is wrong in it. */
export async function loadScript(file: string, cwd = process.cwd()): Promise<Rule[]> {
  const name = printable(display(file, cwd));
  // Nobody could vouch for it, as for config files that are code.
  if (isModule(file))
    throw new ConfigError(`${name} is code: a script of the mock is JSON or YAML.`);
  const checked = v.safeParse(scriptSchema, await readConfigFile(file, name));
  if (checked.success) return checked.output.answers;

  const positions = await positionsIn(toText(readFileSync(file))).catch(() => new Map());
  const problems = checked.issues.map((issue) => {
    const path = (issue.path ?? []).map(({ key }) => String(key));
    return `${name}${placeOf(path, positions)}: ${complaintOf(issue, path)}`;
  });
  throw new ConfigError(...new Set(problems));
}

/** The line and column of what is nearest: of what is missing, that which it is missing in. */
function placeOf(path: string[], positions: Map<string, string>): string {
  for (let length = path.length; length > 0; length--) {
    const position = positions.get(path.slice(0, length).join("."));
    if (position) return `:${position}`;
  }
  return "";
}

function complaintOf(issue: v.BaseIssue<unknown>, path: string[]): string {
  const at = path.map((step, i) =>
    /^\d+$/.test(step) ? `[${step}]` : `${i > 0 ? "." : ""}${step}`,
  );
  const what = path.length > 0 ? `"${printable(at.join(""))}"` : "The script";
  if (issue.type === "strict_object" && issue.expected === "never")
    return `${what} is nothing that a script says.${didYouMean(path.at(-1)!, words)}`;
  if (issue.input === undefined) return `${what} is missing. Here belongs ${issue.message}.`;
  return `${what} is ${shown(undefined, issue.path?.at(-1)?.value ?? issue.input)}: it must be ${issue.message}`;
}

const words = [
  ...[
    "version",
    "answers",
    "when",
    "path",
    "model",
    "text",
    "matches",
    "call",
    "json",
    "toolCalls",
  ],
  ...["error", "embedding", "raw", "latency", "delay", "name", "arguments", "status", "message"],
  ...["type", "code", "param", "headers", "body"],
];
