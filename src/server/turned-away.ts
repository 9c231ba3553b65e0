import type { Socket } from "node:net";
import type { RelayError } from "../errors.ts";
import type { Exchange, Observer } from "../exchange.ts";
import { refuse } from "./refuse.ts";

/** What is known of a request that never came to be one. */
type Known = Pick<Exchange, "method" | "target">;

/** Refuses on a connection that carries no request, or none yet, and lets the observers know. */
export type TurnAway = (socket: Socket, error: RelayError, known?: Known) => void;

const nothing: Known = { method: "-", target: "-" };

export function createTurnAway(observers: readonly Observer[], newId: () => string): TurnAway {
  function tell(error: RelayError, known: Known, bytesIn: number): void {
    const startedAt = performance.now();
    const none = { headers: [], body: null, bodyLength: undefined };
    const exchange: Exchange = { id: newId(), ...known, ...none, startedAt, bytesIn };
    const times = { firstByteMs: undefined, durationMs: 0 };
    const { status } = error;
    const outcome = { ending: "refused" as const, status, bytesOut: 0, ...times, error };
    for (const observer of observers) {
      try {
        observer.asked?.(exchange);
        observer.ended?.(exchange, outcome);
      } catch (cause) {
        // Observers watch and never touch: one that throws costs nothing.
        process.emitWarning(cause instanceof Error ? cause : String(cause));
      }
    }
  }

  return function turnAway(socket, error, known = nothing) {
    refuse(socket, error, () => {
      // Browsers open connections on which they then ask for nothing.
      if (socket.bytesRead > 0 || error.status !== 408) tell(error, known, socket.bytesRead);
    });
  };
}
