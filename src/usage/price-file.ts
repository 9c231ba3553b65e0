import { readFileSync } from "node:fs";
import * as v from "valibot";
import { ConfigError } from "../config/error.ts";
import { display } from "../config/folders.ts";
import { printable, shown } from "../config/shown.ts";
import builtIn from "./prices.json" with { type: "json" };
import type { Price, Prices } from "./prices.ts";

const dollars = "a price in US dollars, a number of at least 0";
const amount = v.exactOptional(
  v.pipe(v.number(dollars), v.minValue(0, dollars), v.finite(dollars)),
);
const price = {
  input: amount,
  cachedInput: amount,
  output: amount,
  audioInput: amount,
  cachedAudioInput: amount,
  audioOutput: amount,
  imageInput: amount,
  cachedImageInput: amount,
  imageOutput: amount,
  minute: amount,
} satisfies Record<keyof Price, unknown>;

const right = `the prices of a model (${Object.keys(price).join(", ")}, longest, tiers)`;
const day = "a day such as 2026-01-31";

const table = v.strictObject(
  {
    date: v.pipe(v.string(day), v.isoDate(day)),
    note: v.exactOptional(v.string("a text")),
    /** Whether the relay's own prices hold for the models that the file does not name. */
    builtIn: v.exactOptional(v.boolean("true or false"), true),
    models: v.record(
      v.string(),
      v.strictObject(
        {
          ...price,
          longest: amount,
          tiers: v.exactOptional(
            v.record(v.string(), v.strictObject(price, right), "tiers by name"),
          ),
        },
        right,
      ),
      "prices by the name of the model",
    ),
  },
  "what a price table has (date, note, builtIn, models)",
);

/** The prices in force: the built-in ones and those of `file`, which win. Throws a `ConfigError`. */
export function loadPrices(file: string): Prices {
  if (file === "") return builtIn;
  const name = printable(display(file, process.cwd()));
  const checked = v.safeParse(table, read(file, name));
  if (!checked.success)
    throw new ConfigError(...new Set(checked.issues.map((issue) => `${name}: ${told(issue)}`)));

  const { builtIn: isExtended, ...own } = checked.output;
  return isExtended ? { ...own, models: { ...builtIn.models, ...own.models } } : own;
}

function read(file: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is no JSON" : (error as Error).message;
    throw new ConfigError(`${name} cannot be read: ${printable(why)}`);
  }
}

function told({ path, type, expected, input, message }: v.BaseIssue<unknown>): string {
  const place = (path ?? []).map(({ key }) => String(key)).join(".");
  const what = place === "" ? "The table" : `"${printable(place)}"`;
  if (type === "strict_object" && expected === "never") return `${what} is none of ${message}`;
  if (input === undefined) return `${what} is missing`;
  return `${what} is ${shown(undefined, input)}: it must be ${message}`;
}
