import { headerOf, toHeaderLines } from "../header-list.ts";
import type { Connection } from "./connection.ts";
import type { Journey } from "./follow.ts";

/** What became of a call; `path` is where the answer went. */
export type Report = Journey & { connection: Connection; path: string; agent: string };

/** Text, `null` for none; a number; or the moment that a time in seconds leads up to. */
type Value = string | number | null | { at: number | undefined };

/** What curl also has in its JSON, and what never differs here. */
const constant = {
  certs: "",
  ftp_entry_path: null,
  http_connect: 0,
  num_certs: 0,
  proxy_ssl_verify_result: 0,
  referer: null,
  ssl_verify_result: 0,
  urlnum: 0,
};

/** The variables of `-w`, under curl's names. */
export function figuresOf(report: Report): Record<string, Value> {
  const { transfer, connection, startedAt } = report;
  const { exchange, status, headers, error, bytesOut, endedAt } = transfer;
  const { addresses } = connection;
  const isSecure = report.url.startsWith("https:");
  const perSecond = (bytes: number) => Math.round((bytes * 1000) / (endedAt - startedAt));
  return {
    ...constant,
    content_type: headerOf(headers, "content-type") ?? null,
    errormsg: error?.reason ?? null,
    exitcode: error?.exitCode ?? 0,
    filename_effective: report.path === "-" ? null : report.path,
    http_code: status,
    http_version: status > 0 ? "1.1" : "0",
    local_ip: addresses?.localAddress ?? "",
    local_port: addresses?.localPort ?? 0,
    method: exchange.method,
    num_connects: connection.opened,
    num_headers: headers.length / 2,
    num_redirects: report.redirects,
    redirect_url: report.redirectUrl ?? null,
    remote_ip: addresses?.remoteAddress ?? "",
    remote_port: addresses?.remotePort ?? 0,
    response_code: status,
    scheme: isSecure ? "HTTPS" : "HTTP",
    size_download: bytesOut,
    size_header: report.headBytes,
    size_request: requestSize(report),
    size_upload: exchange.bytesIn,
    speed_download: perSecond(bytesOut),
    speed_upload: perSecond(exchange.bytesIn),
    time_appconnect: { at: isSecure ? connection.readyAt : undefined },
    time_connect: { at: connection.connectedAt },
    time_namelookup: { at: connection.lookedUpAt },
    time_pretransfer: { at: connection.readyAt ?? connection.connectedAt },
    time_redirect: { at: report.redirects > 0 ? exchange.startedAt : undefined },
    time_starttransfer: { at: transfer.firstByteAt },
    time_total: { at: endedAt },
    url: report.firstUrl,
    url_effective: report.url,
    curl_version: report.agent,
  };
}

/** As curl would write it: without the key, which the relay puts on. */
function requestSize({ transfer: { exchange } }: Report): number {
  const line = `${exchange.method} ${exchange.target} HTTP/1.1\r\n`;
  return line.length + toHeaderLines(exchange.headers).length + 2 + exchange.bytesIn;
}

/** A variable as `%{name}` prints it. */
export function toText(name: string, value: Value, startedAt: number): string {
  if (/^(?:http|response)_code$/.test(name)) return String(value).padStart(3, "0");
  if (value === null) return "";
  return typeof value === "object" ? seconds(value.at, startedAt) : String(value);
}

/** All of them as `%{json}` prints them: by name, the version last. */
export function toJson(figures: Record<string, Value>, startedAt: number): string {
  const { curl_version, ...rest } = figures;
  const entries = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  const pairs = [...entries, ["curl_version", curl_version!] as const].map(([name, value]) => {
    const isTime = value !== null && typeof value === "object";
    return `"${name}":${isTime ? seconds(value.at, startedAt) : JSON.stringify(value)}`;
  });
  return `{${pairs.join(",")}}`;
}

function seconds(at: number | undefined, startedAt: number): string {
  return (Math.max(0, (at ?? startedAt) - startedAt) / 1000).toFixed(6);
}
