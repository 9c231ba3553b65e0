import type { HeaderList } from "./exchange.ts";

/** How browsers bring a key to a WebSocket: as one of the subprotocols they offer. */
const keyProtocol = "openai-insecure-api-key.";

/** The subprotocols that a client offers, and the key among them. */
export type Offer = {
  /** The header lines without the key; the line is gone when nothing else was offered. */
  headers: HeaderList;
  /** The subprotocol that held a key, as offered, where nothing else was offered. */
  taken: string | undefined;
  /** An ephemeral client secret is among them: it is all the authorization the session needs. */
  isEphemeral: boolean;
};

/** Takes a key out of `Sec-WebSocket-Protocol` (RFC 6455 section 4.1): it is the relay's business. */
export function takeKeyProtocol(headers: HeaderList): Offer {
  const out: HeaderList = [];
  let taken: string | undefined;
  let isEphemeral = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    let value = headers[i + 1]!;
    if (name.toLowerCase() === "sec-websocket-protocol" && value.includes(keyProtocol)) {
      const offered = value.split(",").map((protocol) => protocol.trim());
      const isKey = (protocol: string) =>
        protocol.startsWith(keyProtocol) && !protocol.startsWith(`${keyProtocol}ek_`);
      const kept = offered.filter((protocol) => !isKey(protocol));
      if (kept.some((protocol) => protocol.startsWith(keyProtocol))) isEphemeral = true;
      if (kept.length === 0) {
        taken = offered[0];
        continue;
      }
      if (kept.length < offered.length) value = kept.join(", ");
    }
    out.push(name, value);
  }
  return { headers: out, taken, isEphemeral };
}

/** The key or client token that a subprotocol list carries, `""` when there is none. */
export function keyInProtocols(value: string): string {
  const found = value.split(",").find((protocol) => protocol.trim().startsWith(keyProtocol));
  return found === undefined ? "" : found.trim().slice(keyProtocol.length);
}
