import { isIP } from "node:net";

/** A host name or an address in its one spelling; `undefined` when it is neither. */
export function toHost(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(bare) === 6) return URL.parse(`http://[${bare}]`)?.hostname.slice(1, -1);
  if (/[\s/?#@:\\]/.test(bare)) return undefined;
  const host = URL.parse(`http://${bare}`)?.hostname ?? "";
  return /^[a-z0-9._-]+$/.test(host) ? host : undefined;
}
