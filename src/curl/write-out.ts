import { headerOf } from "../header-list.ts";
import type { Transfer } from "./transfer.ts";

const blanks: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** The text of `-w`: `%{variable}`, `%header{name}`, `%%`, `\n`, `\r` and `\t`, as in curl. */
export function formatWriteOut(format: string, transfer: Transfer): string {
  const token = /%%|%(header)?\{([^}]*)\}|\\([nrt])/g;
  return format.replace(token, (whole, isHeader, name, letter) => {
    if (whole === "%%") return "%";
    if (letter) return blanks[letter]!;
    if (isHeader) return headerOf(transfer.headers, name.toLowerCase()) ?? "";
    return variables[name]?.(transfer) ?? "";
  });
}

const variables: Record<string, (transfer: Transfer) => string> = {
  content_type: ({ headers }) => headerOf(headers, "content-type") ?? "",
  errormsg: ({ error }) => error?.reason ?? "",
  exitcode: ({ error }) => String(error?.exitCode ?? 0),
  http_code: status,
  http_version: ({ status }) => (status > 0 ? "1.1" : "0"),
  method: ({ exchange }) => exchange.method,
  num_headers: ({ headers }) => String(headers.length / 2),
  num_redirects: () => "0",
  response_code: status,
  size_download: ({ bytesOut }) => String(bytesOut),
  size_upload: ({ exchange }) => String(exchange.bytesIn),
  time_starttransfer: ({ exchange, firstByteAt }) =>
    seconds((firstByteAt ?? exchange.startedAt) - exchange.startedAt),
  time_total: ({ exchange, endedAt }) => seconds(endedAt - exchange.startedAt),
  url_effective: ({ url }) => url,
};

function status({ status }: Transfer): string {
  return String(status).padStart(3, "0");
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}
