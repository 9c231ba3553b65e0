import { hash, randomBytes } from "node:crypto";
import type { Exchange } from "../exchange.ts";
import type { Visitor } from "../server/page.ts";
import { burnCode } from "./link.ts";
import type { Sessions } from "./sessions.ts";

/** Who is let in: a browser that has opened a link, for as long as it has the cookie that it got then. */
export type Access = {
  /** The cookie for a browser that came with this code; `undefined`: the code opens nothing. */
  open(code: string, visitor: Visitor): Promise<string | undefined>;
  isLetIn(exchange: Exchange, visitor: Visitor): Promise<boolean>;
  /** Ends the session. Returns what takes the cookie away. */
  leave(exchange: Exchange, visitor: Visitor): Promise<string>;
};

const bytes = 32;
const form = /^[\w-]{43}$/;
/** Other ports of this machine may set cookies for this one: so many are looked at. */
const mostCookies = 16;

export function createAccess(env: NodeJS.ProcessEnv, sessions: Sessions): Access {
  return {
    async open(code, visitor) {
      if (!form.test(code) || !(await burnCode(env, visitor.port, code))) return undefined;
      // Never one that the browser came with: somebody else may know that.
      const secret = randomBytes(bytes).toString("base64url");
      await sessions.add(hash("sha256", secret));
      return toCookie(visitor, secret);
    },
    async isLetIn(exchange, visitor) {
      const hashes = hashesIn(exchange, visitor);
      return hashes.length > 0 && sessions.find(hashes);
    },
    async leave(exchange, visitor) {
      await sessions.remove(hashesIn(exchange, visitor));
      return `${toCookie(visitor, "")}; Max-Age=0`;
    },
  };
}

/** Browsers do not keep the cookies of ports apart, and let plain HTTP write over none of TLS. */
function nameOf({ port, isSecure }: Visitor): string {
  return `${isSecure ? "__Secure-" : ""}relay_${port}`;
}

function toCookie(visitor: Visitor, value: string): string {
  const secure = visitor.isSecure ? "; Secure" : "";
  return `${nameOf(visitor)}=${value}; Path=/_relay/; HttpOnly; SameSite=Strict${secure}`;
}

function hashesIn({ headers }: Exchange, visitor: Visitor): string[] {
  const start = `${nameOf(visitor)}=`;
  return headers
    .filter((_, i) => i % 2 === 1 && headers[i - 1]!.toLowerCase() === "cookie")
    .flatMap((line) => line.split(";").map((pair) => pair.trim()))
    .filter((pair) => pair.startsWith(start))
    .map((pair) => pair.slice(start.length))
    .filter((value) => form.test(value))
    .slice(0, mostCookies)
    .map((value) => hash("sha256", value));
}
