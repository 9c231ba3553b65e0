import { prettyFactory } from "pino-pretty";
import type { Lines } from "./lines.ts";

/** Log lines for people: `12:04:31 POST /v1/responses 200 in 812 ms, 4.1 kB complete`. */
export function createPretty(lines: Lines): Lines {
  const toText = prettyFactory({
    translateTime: "SYS:HH:MM:ss",
    hideObject: true,
    ignore: "pid,hostname",
    messageFormat: (log, key) => {
      if ("ending" in log) return requestLine(log);
      if ("method" in log) return `${log.id} ${log.method} ${log.path} ${log[key]}`;
      return String(log[key] ?? "");
    },
  });
  return { write: (line) => lines.write(toText(line)) };
}

function requestLine(log: Record<string, unknown>): string {
  const { method, path, status, firstByteMs, durationMs, bytesIn, bytesOut, ending } = log;
  const parts = [`${method} ${path} ${status || "-"}`, `${durationMs} ms`];
  if (firstByteMs !== undefined) parts.push(`first byte ${firstByteMs} ms`);
  parts.push(`${bytesIn} B in`, `${bytesOut} B out`, String(ending).replace("_", " "));
  if (log.fault !== undefined) parts.push(`fault ${log.fault}`);
  const who = log.client === undefined ? "" : ` [${log.client}]`;
  const why = log.error === undefined ? "" : `: ${log.error} ${log.msg ?? ""}`;
  const where = Array.isArray(log.stack) ? log.stack.map((frame) => `\n    ${frame}`).join("") : "";
  return `${log.id}${who} ${parts.join(", ")}${why}${where}`;
}
