import { isObject, numberIn, textIn } from "./fields.ts";

/** From here down there is only what has to be: a schema may refer to itself. */
const deep = 8;

/** Where a value ends whatever its schema says. */
const deepest = 20;

/** How many values there are in it at most: lists in lists multiply. */
const most = 10_000;

type Whole = { schema: unknown; left: number };

/** A value that a JSON Schema accepts: the smallest one, with every property that it names. */
export function instanceOf(schema: unknown): unknown {
  return valueFor(schema, { schema, left: most }, 0);
}

function valueFor(schema: unknown, whole: Whole, depth: number): unknown {
  if (!isObject(schema) || depth > deepest || whole.left <= 0) return null;
  whole.left -= 1;
  const below = (inner: unknown) => valueFor(inner, whole, depth + 1);
  const isDeep = depth >= deep;

  if (typeof schema.$ref === "string") return below(referred(schema.$ref, whole.schema));
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ("default" in schema && schema.default !== null) return schema.default;
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (choices) return below((isDeep && choices.find(isNull)) || choices[0]);
  if (Array.isArray(schema.allOf)) return allOf(schema.allOf.map(below));

  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object" || isObject(schema.properties)) return objectOf(schema, isDeep, below);
  if (type === "array") {
    return Array.from({ length: sizeOf(schema, isDeep ? 0 : 1) }, () => below(schema.items));
  }
  if (type === "string") return textOf(schema);
  if (type === "integer" || type === "number") return numberOf(schema, type === "integer");
  if (type === "boolean") return true;
  return null;
}

function objectOf(schema: Schema, isDeep: boolean, below: (inner: unknown) => unknown) {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = Object.entries(isObject(schema.properties) ? schema.properties : {});
  const wanted = properties.filter(([name]) => !isDeep || required.includes(name));
  return Object.fromEntries(wanted.map(([name, inner]) => [name, below(inner)]));
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && schema.type === "null";
}

type Schema = Record<string, unknown>;

function referred(reference: string, root: unknown): unknown {
  const names = reference.replace(/^#\/?/, "").split("/").filter(Boolean);
  return names.reduce<unknown>((place, name) => (isObject(place) ? place[name] : null), root);
}

function allOf(values: unknown[]): unknown {
  return values.every(isObject) ? Object.assign({}, ...values) : values[0];
}

function sizeOf(schema: Schema, usual: number): number {
  return Math.min(
    Math.max(numberIn(schema, "minItems", usual), 0),
    numberIn(schema, "maxItems", 64),
    64,
  );
}

const formats = new Map(
  Object.entries({
    date: "2025-06-15",
    time: "15:06:40Z",
    "date-time": "2025-06-15T15:06:40Z",
    duration: "PT1H",
    email: "mock@example.com",
    hostname: "example.com",
    ipv4: "192.0.2.1",
    ipv6: "2001:db8::1",
    uri: "https://example.com/",
    uuid: "00000000-0000-4000-8000-000000000000",
  }),
);

function textOf(schema: Schema): string {
  const text = formats.get(textIn(schema, "format")) ?? "mock";
  const least = Math.min(numberIn(schema, "minLength", 0), 10_000);
  return text.padEnd(least, "k").slice(0, numberIn(schema, "maxLength", 10_000));
}

function numberOf(schema: Schema, isWhole: boolean): number {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const step = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : isWhole ? 1 : 0.5;
  const low = numberIn({ low: minimum ?? exclusiveMinimum }, "low", Number.NEGATIVE_INFINITY);
  const high = numberIn({ high: maximum ?? exclusiveMaximum }, "high", Number.POSITIVE_INFINITY);
  // 1 where it may be; else what is nearest to it.
  let value = Math.min(Math.max(step === 0.5 ? 1 : step, low), high);
  value = (value < low + step ? Math.ceil(value / step) : Math.floor(value / step)) * step;
  if (value === exclusiveMinimum) value += step;
  if (value === exclusiveMaximum) value -= step;
  return value;
}
