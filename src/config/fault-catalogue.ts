/** What an argument of a fault may be: what a text says, and what to say of one that says nothing. */
export type Argument<T> = {
  read(text: string): T | undefined;
  right: string;
  /** As it is written; the value when nobody gives one. */
  default: string;
  /** The only ones, the default first. */
  options?: readonly string[];
};

/** A place in an answer. */
export type Point = { unit: "events" | "bytes"; count: number };

const units = { ms: 1, s: 1_000, m: 60_000 };

/** Milliseconds; `forever` is infinite. */
function time(fallback: string): Argument<number> {
  return {
    right: 'a time such as "500ms" or "2s", or forever',
    default: fallback,
    read(text) {
      if (text === "forever") return Number.POSITIVE_INFINITY;
      const [, number, unit] = /^(\d{1,6}(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
      if (unit === undefined) return text === "0" ? 0 : undefined;
      return Number(number) * units[unit as keyof typeof units];
    },
  };
}

/** `3` is behind the third event, `100b` behind the hundredth byte. */
function point(fallback: string): Argument<Point> {
  return {
    right: 'a number of events such as "3", or of bytes such as "100b"',
    default: fallback,
    read(text) {
      const [, number, bytes] = /^(\d{1,9})(b?)$/.exec(text) ?? [];
      if (number === undefined) return undefined;
      return { unit: bytes === "b" ? "bytes" : "events", count: Number(number) };
    },
  };
}

function whole(min: number, max: number, fallback: string): Argument<number> {
  return {
    right: `a whole number from ${min} to ${max}`,
    default: fallback,
    read(text) {
      const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

function choice<const T extends readonly string[]>(...options: T): Argument<T[number]> {
  return {
    right: `one of ${options.join(", ")}`,
    default: options[0]!,
    options,
    read: (text) => options.find((option) => option === text),
  };
}

type Entry = { about: string; args: Record<string, Argument<unknown>> };

/** The n-th event; the first is 1. */
const nth = (fallback: string) => whole(1, 1_000_000, fallback);

/** A wait of 0 is none, and no header. */
const status = {
  about: "an error of this status, OpenAI's or a gateway's",
  args: { "retry-after": time("0"), "should-retry": choice("unsaid", "true", "false") },
};

/**
 * Every fault by its name. The first argument needs no name: `stall(3)`. Those of one status stand for an
 * answer that OpenAI, or a gateway before it, gives instead of the real one.
 */
export const catalogue = {
  "rate-limit": {
    about: "429 with x-ratelimit-* and how long to wait",
    args: {
      "retry-after": time("1s"),
      form: choice("both", "seconds", "ms", "date", "none"),
    },
  },
  quota: {
    about: "429 insufficient_quota, which no retry cures",
    args: { "should-retry": choice("unsaid", "true", "false") },
  },
  "400": status,
  "401": status,
  "403": status,
  "404": status,
  "408": status,
  "409": status,
  "500": status,
  "502": status,
  "503": status,
  "504": status,
  refuse: {
    about: "the connection ends before any answer",
    args: { how: choice("reset", "close") },
  },
  "slow-head": {
    about: "nothing is asked, and nothing comes, for a time",
    args: { for: time("5s") },
  },
  stall: {
    about: "the answer falls silent for a time",
    args: { after: point("1"), for: time("forever") },
  },
  cut: {
    about: "the answer breaks off; clean: as if it were whole",
    args: { after: point("1"), how: choice("close", "reset", "clean") },
  },
  "no-done": {
    about: "[DONE], or response.completed, is missing",
    args: {},
  },
  "error-event": {
    about: "an error event, then the end, with status 200",
    args: { after: nth("1") },
  },
  "corrupt-json": {
    about: "the JSON of an event, or of an answer, is broken",
    args: { at: nth("1") },
  },
  "unknown-event": {
    about: "an event of an unknown kind comes in between",
    args: { after: nth("1") },
  },
  "duplicate-event": { about: "an event comes twice", args: { at: nth("1") } },
  crlf: { about: "the lines of an event stream end in CR LF", args: {} },
  "split-utf8": { about: "characters of several bytes are cut in two", args: {} },
  drip: { about: "so many bytes a slice", args: { bytes: whole(1, 65_536, "1") } },
  "ws-close": {
    about: "closes a WebSocket after so many messages",
    args: { code: whole(1000, 4999, "1011"), after: whole(0, 1_000_000, "1") },
  },
} satisfies Record<string, Entry>;

type Catalogue = typeof catalogue;
type Values<A> = { [K in keyof A]: A[K] extends Argument<infer T> ? T : never };

export type FaultName = keyof Catalogue;

/** A fault and its arguments. */
export type Fault = {
  [N in FaultName]: { name: N; args: Values<Catalogue[N]["args"]> };
}[FaultName];

/** The catalogue for people: how a fault is written, with all defaults, and what it does. */
export function catalogueRows(): { names: string[]; call: string; about: string }[] {
  // Statuses differ in nothing but their number.
  const groups = Map.groupBy(Object.entries<Entry>(catalogue), ([, entry]) => entry);
  return [...groups].map(([{ about, args }, entries]) => {
    const names = entries.map(([name]) => name);
    const list = Object.entries(args).map(([key, { default: value, options = [value] }]) => {
      return `${key}=${options.join("|")}`;
    });
    const call = list.length > 0 ? `${names[0]}(${list.join(", ")})` : names[0]!;
    return { names, call, about };
  });
}
