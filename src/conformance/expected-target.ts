import { match } from "../config/pattern.ts";
import type { Terms } from "./terms.ts";

type Forwarded = {
  method: string;
  target: string;
  /** Whether the table lets the target be another than the client's. */
  isChanged: boolean;
  /** A HEAD that is asked with a GET. */
  viaGet: boolean;
};

/** The method and the target that are to reach the upstream. */
export function toForwarded(asked: string, target: string, { wishes, by }: Terms): Forwarded {
  const { prefix, rewrite, headViaGet } = wishes;
  const [path = "", ...rest] = target.replace(/^https?:\/\/[^/]*/, "").split("?");
  const query = rest.length > 0 ? `?${rest.join("?")}` : "";

  let method = asked;
  let rewritten = path;
  const rule = rewrite.find(({ method, path: pattern }) => {
    const isMeant = method === undefined || method.toUpperCase() === asked;
    return isMeant && match(pattern, path) !== undefined;
  });
  if (rule) {
    by.add("rewrite");
    method = rule.to.method?.toUpperCase() ?? asked;
    const kept = match(rule.path, path)!;
    rewritten = rule.to.path?.replace(/\*$/, () => kept) ?? path;
  }

  const operation = rewritten.replace(/^\/v1(?=\/|$)/, "");
  const below = prefix + (prefix.endsWith("/v1") ? operation : rewritten);
  if (prefix !== "/v1") by.add("upstream");
  const viaGet = headViaGet && method === "HEAD" && operation.endsWith("/content");
  if (viaGet) by.add("headViaGet");
  return {
    method: viaGet ? "GET" : method,
    target: below + query,
    isChanged: below + query !== target,
    viaGet,
  };
}
