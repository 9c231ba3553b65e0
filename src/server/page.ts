import type { Exchange, HeaderList, Reply } from "../exchange.ts";
import type { Send } from "./inner.ts";
import { own } from "./router.ts";

/** Answers what a browser asks of the inspector: it lets in nobody without a session. */
export type Page = (exchange: Exchange, reply: Reply, visitor: Visitor) => void;

/** Who asks, and what the server does for them. */
export type Visitor = {
  /** The port that they came to. */
  port: number;
  /** Whether they came over TLS. */
  isSecure: boolean;
  send: Send;
};

const paths = /^\/_relay\/(?:(?:open|events|app\.js|app\.css)?(?:\?|$)|api\/)/;

/**
 * Whether a request target is the inspector's. Of these paths a session stands in for the client token,
 * no web origin but the relay's own may use them, and nobody but the page hears of them.
 */
export function isOfPage(target: string): boolean {
  return target.startsWith(own) && paths.test(target);
}

/** What every answer of these paths says: it is of no use to any other site. */
export const pageHeaders: HeaderList = Object.entries({
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob: data:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; "),
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
}).flat();
