/** An object of JSON whose shape nobody promised. */
export type Fields = { [name: string]: unknown };

/** The value of a JSON text; `undefined`: it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

/** The objects of a list; of anything else none. */
export function objectsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((one) => fieldsOf(one) !== undefined) : [];
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A value as text: strings as they are, all else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : value == null ? "" : JSON.stringify(value);
}
