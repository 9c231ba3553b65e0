import * as v from "valibot";

/** One setting: what it may be, what it is when nobody says anything, and how it is explained. */
export type Setting<T = unknown> = {
  /** What a config file may say, and what becomes of it. */
  schema: v.GenericSchema<unknown, T>;
  /** What the text of a flag or an environment variable says, before the schema sees it. */
  fromText: (text: string) => unknown;
  /** How people read the value, where that is not plain: 10000 is `10s`. */
  toText?(value: T): string;
  /** As a config file would say it. */
  default: unknown;
  about: string;
  /** The heading it stands under in help and README. */
  section?: string;
  /** What stands for the value in `--help`; absent for switches. */
  placeholder?: string;
  short?: string;
  /** The only values that it may have. */
  choices?: readonly string[];
  /** A flag that may be given several times. */
  repeatable?: boolean;
  /** Only for config files and the environment: no flag. */
  noFlag?: boolean;
  /** A value that teaches more than the default does, for the JSON Schema. */
  example?: unknown;
  /** A discovered config file may not set it until it is trusted. */
  trusted?: boolean;
  /** Holds from the start to the end of a relay: a reload leaves it as it is. */
  fixed?: boolean;
  /** Never shown, neither in messages nor by `config show`. */
  secret?: boolean;
  /** A file name: relative to the config file that names it, else to the working directory. */
  isFile?: boolean;
  /** The same for file names inside of the value. */
  mapFiles?(value: T, toFile: (name: string) => string): T;
};

type Extras = Omit<
  Setting,
  "schema" | "fromText" | "toText" | "mapFiles" | "choices" | "default" | "about"
>;

/** A pattern, and what to say when a text does not match it. */
type Shape = readonly [pattern: RegExp, right: string];

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const bytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };
const words = new Map([
  ...["true", "1", "yes", "on"].map((word) => [word, true] as const),
  ...["false", "0", "no", "off"].map((word) => [word, false] as const),
]);

/** Puts settings under a heading. */
export function section<T extends Record<string, Setting>>(title: string, settings: T): T {
  const entries = Object.entries(settings);
  return Object.fromEntries(entries.map(([name, one]) => [name, { ...one, section: title }])) as T;
}

export function text(
  fallback: string,
  about: string,
  extras: Extras = {},
  shape?: Shape,
): Setting<string> {
  const schema = shape ? v.pipe(v.string(shape[1]), v.regex(...shape)) : v.string("a text");
  return { schema, fromText: (t) => t, default: fallback, about, ...extras };
}

export function choice<const T extends readonly string[]>(
  options: T,
  fallback: T[number],
  about: string,
  extras: Extras = {},
): Setting<T[number]> {
  const schema = v.picklist(options, `one of ${options.join(", ")}`);
  const placeholder = options.join("|");
  const choices = options;
  return { schema, fromText: (t) => t, default: fallback, about, placeholder, choices, ...extras };
}

export function toggle(fallback: boolean, about: string, extras: Extras = {}): Setting<boolean> {
  const fromText = (t: string) => words.get(t.toLowerCase()) ?? t;
  return { schema: v.boolean("true or false"), fromText, default: fallback, about, ...extras };
}

export function whole(
  min: number,
  max: number,
  fallback: number,
  about: string,
  extras: Extras = {},
): Setting<number> {
  const right = `a whole number from ${min} to ${max}`;
  const schema = v.pipe(
    v.number(right),
    v.integer(right),
    v.minValue(min, right),
    v.maxValue(max, right),
  );
  const fromText = (t: string) => (/^\d+$/.test(t) ? Number(t) : t);
  return { schema, fromText, default: fallback, about, placeholder: "number", ...extras };
}

/** Texts; a flag is given several times, an environment variable separates them with commas. */
export function list(
  [pattern, right]: Shape,
  about: string,
  extras: Extras = {},
): Setting<string[]> {
  const schema = v.array(v.pipe(v.string(right), v.regex(pattern, right)), "a list of texts");
  const fromText = (t: string) => t.split(/[,\n]/).flatMap((part) => part.trim() || []);
  return { schema, fromText, default: [], about, repeatable: true, ...extras };
}

export function duration(
  fallback: string | 0,
  about: string,
  extras: Extras = {},
): Setting<number> {
  // Timers of Node wrap round at 2^31 ms and would fire at once.
  const right = 'a time such as "500ms", "10s" or "20m", at most "500h"';
  return amount(milliseconds, [0, 500 * milliseconds.h], { right, bare: false }, fallback, about, {
    placeholder: "time",
    ...extras,
  });
}

export function size(
  [min, max]: readonly [number, number],
  fallback: string | 0,
  about: string,
  extras: Extras = {},
): Setting<number> {
  const from = min > 0 ? `from "${toUnit(min, bytes)}" to ` : "at most ";
  const right = `a size such as "64kb" or "10mb", ${from}"${toUnit(max, bytes)}"`;
  return amount(bytes, [min, max], { right, bare: true }, fallback, about, {
    placeholder: "size",
    ...extras,
  });
}

/**
 * A number with a unit: `10s`, `500ms`, `64kb`. `bare`: without one too, in the smallest unit. Times must
 * have one: 60 would mean 60 ms, where most people think of seconds.
 */
function amount(
  units: Record<string, number>,
  [min, max]: readonly [number, number],
  { right, bare }: { right: string; bare: boolean },
  fallback: string | 0,
  about: string,
  extras: Extras,
): Setting<number> {
  const told = ({ input }: { input: unknown }) => {
    const lacksUnit = !bare && /^\d+$/.test(String(input));
    return lacksUnit ? `a time with its unit: "${input}s" or "${input}ms"` : right;
  };
  const shape = bare ? /^\d+(\.\d+)?\s*[a-zA-Z]*$/ : /^(0|\d+(\.\d+)?\s*[a-zA-Z]+)$/;
  const number = bare ? v.pipe(v.number(right), v.minValue(0, right)) : v.literal(0, told);
  const schema = v.pipe(
    v.union([number, v.pipe(v.string(told), v.regex(shape, told))], told),
    v.transform((value) => (typeof value === "number" ? value : inUnits(value, units))),
    v.number(right),
    v.minValue(min, right),
    v.maxValue(max, right),
  );
  const toText = (value: number) => toUnit(value, units);
  return { schema, fromText: (t) => t, toText, default: fallback, about, ...extras };
}

function inUnits(text: string, units: Record<string, number>): number {
  const unit = text.replace(/^[\d.\s]+/, "").toLowerCase();
  const factor = unit === "" ? 1 : (units[unit] ?? Number.NaN);
  return Math.round(Number.parseFloat(text) * factor);
}

function toUnit(value: number, units: Record<string, number>): string {
  const fits = Object.entries(units).findLast(([, factor]) => value % factor === 0);
  return value === 0 || !fits ? String(value) : `${value / fits[1]}${fits[0]}`;
}
