import { masked } from "../../config/shown.ts";
import type { Asked, Matcher, When } from "../entry.ts";
import { toLines } from "./diff.ts";
import { differencesOf } from "./differences.ts";
import { normalized, tooMuch } from "./json.ts";
import { createMask } from "./masks.ts";
import { nearest } from "./nearest.ts";
import { keyOf, toNormal } from "./normal.ts";
import { type RuleSettings, type Rules, toRules } from "./rules.ts";
import { meets, unmet } from "./when.ts";

/** Lines of a difference that are shown. */
const longest = 8;

/** What `match` of the settings asks for. */
export function createMatcher(settings: RuleSettings): Matcher {
  const rules = toRules(settings);
  return {
    keyOf: (asked) => keyOf(asked, rules),
    meets,
    sameMessage: (recorded, sent) => toKey(recorded, rules) === toKey(sent, rules),
    explain(asked, recorded) {
      const found = nearest(asked, recorded, rules);
      if (!found) return "The tape is empty.";
      const { when } = found.asked;
      const lines = when ? unmetLines(asked, when) : diff(found.asked, asked, rules);
      if (lines.length === 0) return `${found.name} is the same by the rules.`;
      return [`The nearest is ${found.name}:`, ...lines.map((line) => `  ${line}`)].join("\n");
    },
  };
}

function unmetLines(asked: Asked, when: When): string[] {
  return unmet(asked, when).map((name) => {
    return `${name}: ${masked(JSON.stringify(when[name]))} is what it answers to`;
  });
}

/** How a request differs from a recorded one, in a few lines; none: they are the same by the rules. */
export function diff(recorded: Asked, asked: Asked, rules: Rules): string[] {
  const found = differencesOf(toNormal(recorded, rules), toNormal(asked, rules), longest + 1);
  const lines = toLines(found.slice(0, longest));
  return found.length > longest ? [...lines, "and more"] : lines;
}

/** A message of a WebSocket without what may differ. */
function toKey(message: string | Buffer, rules: Rules): string {
  if (typeof message !== "string") return `bytes ${message.toString("base64")}`;
  const mask = createMask(rules);
  const json = parse(message);
  if (json === undefined) return `text ${mask(message)}`;
  const value = normalized(json, mask, rules);
  return value === tooMuch ? `text ${message}` : JSON.stringify(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
