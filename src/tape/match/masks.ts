import { replaceAll } from "./replace.ts";
import type { Rules } from "./rules.ts";

// None of these patterns can take more than time in proportion to the text: every run has a limit, and
// where one may begin is told by the character before it.

const uuid = /(?<![A-Za-z0-9])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![A-Za-z0-9])/gi;

/** `call_…`, `msg_…`, `file-…` and all of their kind: 16 letters and digits or more, a digit among them. */
const named =
  /(?<![A-Za-z0-9])[A-Za-z]{2,16}[-_](?=[A-Za-z]{0,64}\d)[A-Za-z0-9]{16,128}(?![A-Za-z0-9])/g;

/** A UUID without its dashes, or the id of a trace. A SHA-256 is longer, and says what is in a file. */
const hex = /(?<![A-Za-z0-9])(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{32}(?![A-Za-z0-9])/g;

const month =
  "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)";
const weekday = "(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs?)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? )?";
const clock = "\\d\\d?:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?";
const zone = "(?: ?(?:Z|UTC|GMT|[+-]\\d\\d:?\\d\\d)(?![A-Za-z0-9]))?";
/** Not the date in the name of a model, such as gpt-4o-2024-08-06. */
const edge = "(?<![A-Za-z0-9_./-])";

const dates = [
  `\\d{4}-\\d\\d-\\d\\d(?:[T ]${clock}${zone})?`,
  `${weekday}\\d{1,2} ${month} \\d{4}(?:,? ${clock}${zone})?`,
  `${weekday}${month} \\d{1,2},? \\d{4}(?:,? ${clock}${zone})?`,
  `${weekday}${month} {1,2}\\d{1,2} ${clock}(?: [A-Z]{2,4})? \\d{4}`,
  // Milliseconds since 1970, as Codex has them in texts.
  "1[4-9]\\d{11}",
].map((date) => new RegExp(`${edge}${date}(?![A-Za-z0-9_/-])`, "g"));

/** Longer texts are not searched: files in base64, most of all. */
const longest = 1024 ** 2;

export type Mask = (text: string) => string;

/**
 * Puts stand-ins for what may differ between two requests. The first id of a request becomes `<id 1>`
 * wherever it stands, the second `<id 2>`: which of them are the same must not be lost.
 */
export function createMask({ ids, dates: hasDates, replace }: Rules): Mask {
  const seen = new Map<string, string>();
  const standIn = (id: string) => {
    const known = seen.get(id) ?? `<id ${seen.size + 1}>`;
    seen.set(id, known);
    return known;
  };

  return function mask(text) {
    if (text.length > longest) return text;
    let masked = text;
    for (const rule of replace) masked = replaceAll(masked, rule);
    if (hasDates && /\d{4}/.test(masked))
      for (const date of dates) masked = masked.replace(date, "<date>");
    if (!ids || masked.length < 19) return masked;
    return masked.replace(uuid, standIn).replace(named, standIn).replace(hex, standIn);
  };
}

const momentName =
  /(?:^|_)(?:at|ts|time|timestamp|date|created|updated|expires)$|(?:At|Time|Timestamp|Date)$/;

/** A number that is a moment of this century, in seconds or milliseconds, by its name and its size. */
export function isMoment(name: string, value: number): boolean {
  const isRecent = (value > 1e9 && value < 4.2e9) || (value > 1e12 && value < 4.2e12);
  return isRecent && momentName.test(name);
}
