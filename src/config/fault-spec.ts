import { type Argument, catalogue, type Fault, type FaultName } from "./fault-catalogue.ts";
import { didYouMean } from "./nearest.ts";
import { printable } from "./shown.ts";

/** Which calls a fault is for; what is not said excludes nothing. */
export type When = {
  method?: string;
  path?: string;
  model?: string;
  /** Of the calls that the rest matches, from one. */
  nth?: readonly [from: number, to: number];
  every?: number;
  /** From 0 to 1. */
  chance?: number;
};

/** One `--fault`, as it was written and what it says. */
export type FaultSpec = { text: string; fault: Fault; when: When };

/** What is wrong with a text that should say a fault, and at which character, from one. */
export class SpecProblem extends Error {
  override name = "SpecProblem";

  constructor(at: number, what: string) {
    super(`character ${at + 1}: ${what}`);
  }
}

type Condition = { read(text: string): Partial<When> | undefined; right: string };

const conditions: Record<string, Condition> = {
  model: {
    read: (text) => (/^\S+$/.test(text) ? { model: text } : undefined),
    right: 'a model such as "gpt-5*"',
  },
  nth: { read: toRange, right: 'a number such as "1", or a range such as "2-4" or "3-"' },
  every: {
    read: (text) => (/^[1-9]\d{0,8}$/.test(text) ? { every: Number(text) } : undefined),
    right: 'a number such as "3", for each third call',
  },
  chance: { read: toChance, right: 'a share such as "20%" or "0.2"' },
};

/** A name, arguments, where, and conditions: the rest is looked at piece by piece. */
const shape = /^\s*([^(@;\s]*)\s*(\(([^)]*)\))?\s*(@([^;]*))?(.*)$/ds;

/**
 * Reads `name(argument=value, …)@METHOD /path*;condition=value`, of which all but the name may be left
 * out. Throws a `SpecProblem`.
 */
export function parseFault(text: string): FaultSpec {
  const match = shape.exec(text)!;
  const at = (group: number) => match.indices![group]?.[0] ?? 0;
  const [, name = "", , args, place, target = "", rest = ""] = match;
  if (!Object.hasOwn(catalogue, name)) {
    // There are two of that status, and only one that waiting cures.
    const hint =
      name === "429" ? " Say rate-limit or quota." : didYouMean(name, Object.keys(catalogue));
    throw new SpecProblem(at(1), `${quoted(name)} is no fault.${hint}`);
  }
  if (args === undefined && rest.startsWith("("))
    throw new SpecProblem(at(6), `the ")" of ${quoted(rest)} is missing.`);
  const fault = { name, args: readArguments(name as FaultName, args ?? "", at(3)) } as Fault;
  if (rest !== "" && !rest.startsWith(";"))
    throw new SpecProblem(at(6), `${quoted(rest)} does not belong here.`);
  const when = {
    ...(place !== undefined && readTarget(target, at(5))),
    ...readConditions(rest.slice(1), at(6) + 1),
  };
  return { text: text.trim(), fault, when };
}

/** What is wrong with a text as a fault; `undefined`: nothing. */
export function faultProblem(text: string): string | undefined {
  try {
    parseFault(text);
    return undefined;
  } catch (error) {
    if (error instanceof SpecProblem) return error.message;
    throw error;
  }
}

function readArguments(name: FaultName, text: string, start: number): Record<string, unknown> {
  const known: Record<string, Argument<unknown>> = catalogue[name].args;
  const [first] = Object.keys(known);
  const values = Object.entries(known).map(([key, arg]) => [key, arg.read(arg.default)]);
  const args: Record<string, unknown> = Object.fromEntries(values);
  const given = new Set<string>();
  for (const { piece, at } of pieces(text, ",", start)) {
    const [key, value] = piece.includes("=") ? split(piece) : [first, piece];
    const argument = key === undefined || !Object.hasOwn(known, key) ? undefined : known[key];
    if (!argument) {
      const hint = didYouMean(key ?? piece, Object.keys(known));
      throw new SpecProblem(at, `${name} has no argument ${quoted(key ?? piece)}.${hint}`);
    }
    once(given, key!, at);
    args[key!] = argument.read(value);
    if (args[key!] === undefined)
      throw new SpecProblem(at, `${key} must be ${argument.right}, not ${quoted(value)}.`);
  }
  return args;
}

function readTarget(text: string, at: number): When {
  const [, method, path] = /^(?:([A-Za-z]+) +)?(\/[^\s%?#]*)$/.exec(text.trim()) ?? [];
  if (path === undefined)
    throw new SpecProblem(at, `${quoted(text)} is no path such as "/v1/chat/*" or "POST /v1/*".`);
  return { path, ...(method && { method: method.toUpperCase() }) };
}

function readConditions(text: string, start: number): When {
  const when: When = {};
  const given = new Set<string>();
  for (const { piece, at } of pieces(text, ";", start)) {
    const [key, value] = split(piece);
    const condition = Object.hasOwn(conditions, key) ? conditions[key] : undefined;
    if (!condition) {
      const hint = didYouMean(key, Object.keys(conditions));
      throw new SpecProblem(at, `${quoted(key)} is no condition.${hint}`);
    }
    once(given, key, at);
    const read = condition.read(value);
    if (!read)
      throw new SpecProblem(at, `${key} must be ${condition.right}, not ${quoted(value)}.`);
    Object.assign(when, read);
  }
  return when;
}

/** Two that contradict each other: nobody can say which was meant. */
function once(given: Set<string>, key: string, at: number): void {
  if (given.has(key)) throw new SpecProblem(at, `${key} is said twice.`);
  given.add(key);
}

function toRange(text: string): Partial<When> | undefined {
  const [, from, dash, to] = /^([1-9]\d{0,8})(-)?([1-9]\d{0,8})?$/.exec(text) ?? [];
  if (from === undefined || (to !== undefined && dash === undefined)) return undefined;
  const last = to !== undefined ? Number(to) : dash ? Number.POSITIVE_INFINITY : Number(from);
  return last < Number(from) ? undefined : { nth: [Number(from), last] };
}

function toChance(text: string): Partial<When> | undefined {
  const [, number, percent] = /^(\d{1,3}(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const chance = Number(number) / (percent ? 100 : 1);
  return chance <= 1 ? { chance } : undefined;
}

/** What stands between the marks, trimmed, and where. */
function* pieces(
  text: string,
  mark: string,
  start: number,
): Generator<{ piece: string; at: number }> {
  if (text.trim() === "") return;
  let at = start;
  for (const part of text.split(mark)) {
    const piece = part.trim();
    yield { piece, at: at + part.indexOf(piece) };
    at += part.length + mark.length;
  }
}

function split(piece: string): [key: string, value: string] {
  const end = piece.indexOf("=");
  if (end < 0) return [piece, ""];
  return [piece.slice(0, end).trim(), piece.slice(end + 1).trim()];
}

function quoted(text: string): string {
  return `"${printable(text.trim().slice(0, 40))}"`;
}
