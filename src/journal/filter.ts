import type { SQLInputValue } from "node:sqlite";
import type { Filter } from "./call.ts";

/** A filter as a condition of SQL on `calls` joined with `relays`. */
export function toCondition(filter: Filter): { sql: string; values: SQLInputValue[] } {
  const parts: [sql: string, ...values: SQLInputValue[]][] = [];
  const { text, model, path, status, client, tag, command, since, until, isRunning } = filter;
  if (text !== undefined) {
    const columns = ["path", "model", "id", "tag", "client", "error", "error_message", "command"];
    const like = columns.map((name) => `${name} LIKE ? ESCAPE '\\'`).join(" OR ");
    parts.push([`(${like})`, ...columns.map(() => containing(text))]);
  }
  if (model !== undefined) parts.push(["model GLOB ?", literally(model)]);
  if (path !== undefined) parts.push(["path GLOB ?", literally(path)]);
  if (status !== undefined) parts.push(toStatus(status));
  if (client !== undefined) parts.push(["client = ?", client]);
  if (tag !== undefined) parts.push(["tag = ?", tag]);
  if (command !== undefined) parts.push(["command LIKE ? ESCAPE '\\'", containing(command)]);
  if (since !== undefined) parts.push(["calls.started_at >= ?", since]);
  if (until !== undefined) parts.push(["calls.started_at < ?", until]);
  if (isRunning !== undefined) parts.push([`ending IS ${isRunning ? "" : "NOT "}NULL`]);
  return {
    sql: parts.map(([sql]) => sql).join(" AND ") || "1",
    values: parts.flatMap(([, ...values]) => values),
  };
}

function toStatus(status: string): [sql: string, ...values: SQLInputValue[]] {
  if (/^[1-5]xx$/.test(status)) return ["status / 100 = ?", Number(status[0])];
  if (status !== "error") return ["status = ?", Number(status)];
  return ["(status >= 400 OR ending IN ('upstream_broke', 'refused', 'lost'))"];
}

/** A pattern of GLOB in which only `*` is special. */
function literally(pattern: string): string {
  return pattern.replace(/[?[]/g, "[$&]");
}

function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}
