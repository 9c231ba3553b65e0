import { Gauge } from "./gauge.ts";

/** How far an exchange has come, on both of its ends. */
export class Progress {
  /** Body bytes that the upstream has got. */
  readonly up = new Gauge();
  /** Heads of answers that the client has got, interim ones included. */
  readonly heads = new Gauge();
  /** Body bytes that the client has got. */
  readonly down = new Gauge();
  /** Connections that have ended at the upstream while an exchange was on them. */
  readonly lost = new Gauge();
  /** Rises when all that a client has to say in a tunnel has arrived. */
  readonly said = new Gauge();
  /** Requests that have arrived whole. */
  readonly asked = new Gauge();
}
