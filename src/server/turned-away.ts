import type { Socket } from "node:net";
import type { RelayError } from "../errors.ts";
import type { Exchange, Observer } from "../exchange.ts";
import { refuse } from "./refuse.ts";
import { Telling } from "./telling.ts";

/** What is known of a request that never came to be one. */
type Known = Pick<Exchange, "method" | "target">;

/** Refuses on a connection that carries no request, or none yet, and lets the observers know. */
export type TurnAway = (socket: Socket, error: RelayError, known?: Known) => void;

const nothing: Known = { method: "-", target: "-" };

export function createTurnAway(observers: readonly Observer[], newId: () => string): TurnAway {
  function tell(error: RelayError, known: Known, bytesIn: number): void {
    const startedAt = performance.now();
    const none = { headers: [], body: null, bodyLength: undefined };
    const exchange = { id: newId(), ...known, ...none, startedAt, bytesIn };
    const telling = new Telling(exchange, observers);
    telling.status = error.status;
    telling.ended("refused", error);
  }

  return function turnAway(socket, error, known = nothing) {
    refuse(socket, error, () => {
      // Browsers open connections on which they then ask for nothing.
      if (socket.bytesRead > 0 || error.status !== 408) tell(error, known, socket.bytesRead);
    });
  };
}
