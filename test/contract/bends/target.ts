import { type Bend, onExchange, onTarget } from "./bend.ts";

/** What proxies do to request lines. */
export const targetBends: Bend[] = [
  bend("encodes brackets", (target) => target.replaceAll("[", "%5B").replaceAll("]", "%5D")),
  bend("decodes brackets", (target) => target.replaceAll("%5B", "[").replaceAll("%5D", "]")),
  bend("decodes slashes in the path", (target) => target.replaceAll(/%2f/gi, "/")),
  bend("decodes spaces", (target) => target.replaceAll("%20", "+")),
  bend("turns plus signs into spaces", (target) => target.replaceAll("+", "%20")),
  bend("writes escapes in capitals", (target) =>
    target.replaceAll(/%[0-9a-f]{2}/gi, (octet) => octet.toUpperCase()),
  ),
  bend("merges slashes", (target) => target.replaceAll(/\/{2,}/g, "/")),
  bend("drops a slash at the end", (target) => target.replace(/\/+$/, "")),
  bend("drops an empty query", (target) => target.replace(/\?$/, "")),
  bend("drops empty values", (target) => target.replaceAll(/\b\w+=&/g, "")),
  bend("sorts the query", (target) => {
    const [path, query] = target.split("?");
    return query ? `${path}?${query.split("&").sort().join("&")}` : target;
  }),
  bend("drops the query", (target) => target.split("?")[0]!),
  bend("forgets the version", (target) => target.replace(/^\/(?!v1)/, "/v2/")),
  {
    name: "request line: changes the method",
    shows: "request line",
    inside: onExchange((exchange) => {
      if (exchange.method === "QUERY") exchange.method = "POST";
    }),
  },
];

function bend(name: string, change: (target: string) => string): Bend {
  return { name: `request line: ${name}`, shows: "request line", inside: onTarget(change) };
}
