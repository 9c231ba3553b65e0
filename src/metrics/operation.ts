import { toOperationPath } from "../forward/url.ts";

/** What stands for every request that is no known operation's. */
export const other = "other";

type Template = { label: string; parts: string[] };

/**
 * Names the operation of a request, such as `GET /v1/models/{model}`. There are as many names as there are
 * operations, whatever clients ask for. `known`: the operations by method and path below `/v1`.
 */
export function createOperationLabels(
  known: readonly { method: string; path: string }[],
): (method: string, path: string) => string {
  const templates = new Map<string, Template[]>();
  for (const { method, path } of known) {
    if (path.includes("?")) continue;
    const label = `${method} /v1${path}`;
    const parts = label.split("/");
    const key = keyOf(parts);
    templates.set(key, [...(templates.get(key) ?? []), { label, parts }]);
  }
  // A word of the path goes before a parameter: `/threads/runs` is no thread.
  for (const some of templates.values())
    some.sort((a, b) => toOrder(a.parts).localeCompare(toOrder(b.parts)));

  return function labelOf(method, path) {
    const parts = `${method} ${toOperationPath(path)}`.split("/");
    const found = templates.get(keyOf(parts))?.find((template) => fits(template, parts));
    return found?.label ?? other;
  };
}

function keyOf(parts: string[]): string {
  return `${parts.length} ${parts[0]}`;
}

function fits(template: Template, parts: string[]): boolean {
  return template.parts.every((part, at) => part === parts[at] || (isParam(part) && parts[at]));
}

/** Sorts words before parameters, place by place. */
function toOrder(parts: string[]): string {
  return parts.map((part) => (isParam(part) ? 1 : 0)).join("");
}

function isParam(part: string): boolean {
  return part.startsWith("{");
}
