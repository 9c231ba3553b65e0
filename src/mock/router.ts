import type { Answer } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { methodNotAllowed, unknownUrl } from "./refusal.ts";

export type Operation = (asked: Asked) => Answer | Promise<Answer>;

/** Operations by method and path below `/v1`, for example `GET /models/{model}`; the first match counts. */
export type Operations = Record<string, Operation>;

export type Found = { operation: Operation; params: Record<string, string> };

/** Finds the operation for a method and a path; HEAD is GET without the body. */
export function createRouter(operations: Operations) {
  const routes = Object.entries(operations).map(([name, operation]) => {
    const [method = "", template = ""] = name.split(" ");
    const pattern = template.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    return { method, pattern: new RegExp(`^${pattern}$`), operation };
  });

  return function route(method: string, path: string): Found {
    const below = path.startsWith("/v1/") ? path.slice("/v1".length) : path;
    const matches = routes.filter(({ pattern }) => pattern.test(below));
    if (matches.length === 0) throw unknownUrl(method, `/v1${below}`);

    const wanted = method === "HEAD" ? "GET" : method;
    const found = matches.find((match) => match.method === wanted);
    const allowed = matches.map((match) => match.method);
    if (!found) throw methodNotAllowed(method, `/v1${below}`, [...new Set(allowed)]);
    const groups = found.pattern.exec(below)?.groups ?? {};
    const params = Object.entries(groups).map(([name, text]) => [name, decode(text)]);
    return { operation: found.operation, params: Object.fromEntries(params) };
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
