import type { SQLInputValue } from "node:sqlite";
import type { Certainty, Usage } from "../usage/usage.ts";
import type { Call, Relay, Times } from "./call.ts";

/** A row of `calls`, joined with the one of its relay. */
export type CallRow = Record<string, SQLInputValue>;

export const selectCalls = `SELECT calls.*, relays.pid AS relay_pid, relays.started_at AS relay_started_at,
  relays.command AS relay_command, relays.url AS relay_url
  FROM calls JOIN relays ON relays.number = calls.relay`;

export function toCall(row: CallRow): Call {
  const text = (name: string) => row[name] as string | null;
  const number = (name: string) => row[name] as number;
  const usage = text("usage_state");
  const cost = text("cost_state");
  return {
    seq: number("seq"),
    id: text("id")!,
    relay: toRelay(row),
    kind: text("kind") as Call["kind"],
    startedAt: number("started_at"),
    method: text("method")!,
    path: text("path")!,
    ...given({
      model: text("model"),
      client: text("client"),
      tag: text("tag"),
      again: text("again"),
      ending: text("ending") as Call["ending"] | null,
      error: text("error"),
      errorMessage: text("error_message"),
    }),
    isStream: row.is_stream === 1,
    status: number("status"),
    bytesIn: number("bytes_in"),
    bytesOut: number("bytes_out"),
    slices: number("slices"),
    times: JSON.parse(text("times")!) as Times,
    ...(usage && {
      usage: { ...(JSON.parse(text("usage") ?? "{}") as Usage), state: usage as Certainty },
    }),
    ...(cost && { cost: { state: cost as Certainty, nano: number("cost_nano") } }),
    isCaptured: number("captured") === 1,
  };
}

function toRelay(row: CallRow): Relay {
  return {
    number: row.relay as number,
    pid: row.relay_pid as number,
    startedAt: row.relay_started_at as number,
    command: row.relay_command as string,
    url: row.relay_url as string,
  };
}

type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };

function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null),
  ) as Given<T>;
}
