import { match } from "../config/pattern.ts";
import type { RewriteRule } from "../config/settings.ts";
import type { Exchange } from "../exchange.ts";

/** Applies the first rule of `rewrite` that matches: replaces method and path, keeps the query. */
export function createRewrite(rules: readonly RewriteRule[]): (exchange: Exchange) => void {
  return function rewrite(exchange) {
    const query = exchange.target.indexOf("?");
    const path = query < 0 ? exchange.target : exchange.target.slice(0, query);
    for (const rule of rules) {
      if (rule.method !== undefined && rule.method.toUpperCase() !== exchange.method) continue;
      const rest = match(rule.path, path);
      if (rest === undefined) continue;
      if (rule.to.method !== undefined) exchange.method = rule.to.method.toUpperCase();
      if (rule.to.path !== undefined)
        exchange.target =
          rule.to.path.replace(/\*$/, () => rest) + exchange.target.slice(path.length);
      return;
    }
  };
}
