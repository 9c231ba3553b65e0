import * as v from "valibot";
import { choice, list, type Setting, section, text, toggle } from "../kinds.ts";

const speedRight = "a number of at least 0, such as 0, 1 or 0.5";

const pattern = v.pipe(
  v.string("a text"),
  v.minLength(1, "a text that is not empty"),
  v.check(
    isUsable,
    "a text, or a regular expression such as /\\d{3}-\\d{4}/i that does not match nothing",
  ),
);

const folder = { placeholder: "folder", isFile: true, fixed: true } as const;

export const tape = section("Tapes", {
  record: text("", "Record every exchange into this folder", { ...folder, trusted: true }),
  replay: text("", "Answer from the tape in this folder: no key, no network", folder),
  tape: text("", "Answer from the tape in this folder, and record what is missing", {
    ...folder,
    trusted: true,
  }),
  speed: {
    schema: v.pipe(v.number(speedRight), v.minValue(0, speedRight), v.finite(speedRight)),
    fromText: (t) => (/^\d+(\.\d+)?$/.test(t) ? Number(t) : t),
    default: 0,
    about:
      "How fast to replay: 1 as it was recorded, 2 twice as fast, 0 as fast as the client reads",
    placeholder: "number",
  } as Setting<number>,
  onMiss: choice(
    ["auto", "refuse", "ask"],
    "auto",
    "What is not on the tape: refuse it (400 tape_miss) or ask OpenAI; auto refuses with replay and in CI",
  ),
  afterLast: choice(
    ["repeat", "miss"],
    "repeat",
    "What a request gets that comes more often than it was recorded: the last recording, or a miss",
  ),
  strictUnused: toggle(false, "Let relay run fail too when part of the tape was not used"),
  scrub: {
    ...list(
      [/./, "a text"],
      "Texts, or regular expressions as /…/, that are crossed out in tapes",
      {
        noFlag: true,
        example: ["Jane Doe", "/[\\w.]+@example\\.com/"],
      },
    ),
    schema: v.array(pattern, "a list of texts"),
  } as Setting<string[]>,
});

/** Whether it is a plain text, or an expression that compiles and needs at least one character. */
function isUsable(text: string): boolean {
  const [, source, flags] = /^\/(.+)\/([imsu]*)$/.exec(text) ?? [];
  if (source === undefined) return true;
  try {
    return !new RegExp(source, flags).test("");
  } catch {
    return false;
  }
}
