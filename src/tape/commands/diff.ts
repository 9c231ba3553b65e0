import { masked } from "../../config/shown.ts";
import { compared, type Difference } from "../../differences.ts";
import type { Asked, Entry, HeaderPairs } from "../entry.ts";
import { differencesOf, grouped } from "../match/differences.ts";
import { normalized, tooMuch } from "../match/json.ts";
import { createMask } from "../match/masks.ts";
import { toNormal } from "../match/normal.ts";
import type { Rules } from "../match/rules.ts";
import { bodyOf, eventsIn, isEventStream, parsed } from "./events.ts";

export type EntryDiff = { request: Difference[]; answer: Difference[] };

/** Differences that are told, of request and answer each. */
const most = 100;

/** Headers that are never twice the same, or follow from the body. */
export const changing =
  /^(?:age|cf-.*|content-length|date|openai-processing-ms|sec-websocket-accept|transfer-encoding|x-ratelimit-.*|x-request-id)$/i;

/** How two recordings differ by the rules: `recorded` is of the first, `asked` of the second. */
export async function diffEntries(a: Entry, b: Entry, rules: Rules): Promise<EntryDiff> {
  const [was, is] = [await answerOf(a, rules), await answerOf(b, rules)];
  const pairs = Object.keys(was).map((name) => {
    const where = name === "body" ? "" : name;
    return [where, Reflect.get(was, name), Reflect.get(is, name)] as const;
  });
  return { request: diffAsked(a.asked, b.asked, rules), answer: compared(pairs, most) };
}

function diffAsked(a: Asked, b: Asked, rules: Rules): Difference[] {
  return differencesOf(toNormal(a, rules), toNormal(b, rules), most);
}

/** An answer in which all is gone that may differ. */
async function answerOf(entry: Entry, rules: Rules) {
  const mask = createMask(rules);
  const body = (await bodyOf(entry)).toString("utf8");
  const messages = entry.parts.flatMap((part) => ("from" in part ? [toMessage(part)] : []));
  const json = isEventStream(entry) ? eventsIn(body) : (parsed(body) ?? body);
  const plain = entry.asked.upgrade ? messages : json;
  const normal = normalized(plain, mask, rules);
  return {
    status: entry.head.status,
    header: headersOf(entry.head.headers, mask),
    body: normal === tooMuch ? body : normal,
    end: entry.end.end,
  };
}

function toMessage({ at: _, ...message }: { at: number; text?: string }): object {
  const { text, ...rest } = message;
  return text === undefined ? rest : { ...rest, said: parsed(text) ?? text };
}

function headersOf(headers: HeaderPairs, mask: (text: string) => string): object {
  const kept = headers.filter(([name]) => !changing.test(name));
  return grouped(kept.map(([name, value]) => [name.toLowerCase(), mask(value)]));
}

/** A difference without secrets. */
export function toJson({ where, recorded, asked }: Difference): object {
  return { where: masked(where), a: safe(recorded), b: safe(asked) };
}

function safe(value: unknown): unknown {
  return value === undefined ? undefined : parsed(masked(JSON.stringify(value)));
}
