import type { Writable } from "node:stream";
import { PinoPretty } from "pino-pretty";

/** Log lines for people: `12:04:31 POST /v1/responses 200 in 812 ms, 4.1 kB complete`. */
export function createPretty(): Writable {
  return PinoPretty({
    destination: 2,
    sync: true,
    translateTime: "SYS:HH:MM:ss",
    hideObject: true,
    ignore: "pid,hostname",
    messageFormat: (log, key) => ("method" in log ? requestLine(log) : String(log[key] ?? "")),
  });
}

function requestLine(log: Record<string, unknown>): string {
  const { method, path, status, firstByteMs, durationMs, bytesIn, bytesOut, ending } = log;
  const parts = [`${method} ${path} ${status || "-"}`, `${durationMs} ms`];
  if (firstByteMs !== undefined) parts.push(`first byte ${firstByteMs} ms`);
  parts.push(`${bytesIn} B in`, `${bytesOut} B out`, String(ending).replace("_", " "));
  const who = log.client === undefined ? "" : ` [${log.client}]`;
  const why = log.error === undefined ? "" : `: ${log.error} ${log.msg ?? ""}`;
  return `${log.id}${who} ${parts.join(", ")}${why}`;
}
