import type { Duplex } from "node:stream";
import { notePassed } from "./garbage.ts";
import { reset } from "./reset.ts";

type Side = "client" | "upstream";

/** Which side broke a tunnel off; `undefined`: both ended in order. */
export type TunnelBreak = Side | undefined;

/**
 * Joins two connections: bytes are copied both ways as they are, a slow side holds the other one back, an
 * end of one direction is passed on as such (RFC 9110 section 9.3.6 leaves the rest to the protocol in
 * it), a reset as a reset. `tell` hears of bytes before they go on; `done` is called once, when both are closed.
 */
export function joinConnections(
  client: Duplex,
  upstream: Duplex,
  tell: ((from: Side, bytes: Buffer) => void) | undefined,
  done: (broken: TunnelBreak) => void,
): void {
  let broken: TunnelBreak;
  let open = 2;

  watch(client, upstream, "client");
  watch(upstream, client, "upstream");
  upstream.pipe(client);
  client.pipe(upstream);

  function watch(from: Duplex, to: Duplex, side: Side): void {
    // pipe() ends `to` in order after an end of `from`; everything else is handled here.
    from.on("data", (bytes: Buffer) => {
      notePassed(bytes.length);
      tell?.(side, bytes);
    });
    from.on("error", () => {
      broken ??= side;
      reset(to);
    });
    from.on("close", () => {
      if (!from.readableEnded) {
        broken ??= side;
        to.destroy();
      }
      if (--open === 0) done(broken);
    });
  }
}
