import { causeCode } from "../client/cause.ts";
import type { RelayError } from "../errors.ts";
import { ExitError } from "../exit.ts";

/** Ends `relay curl` as curl would: its exit code, its form of message. */
export class CurlError extends ExitError {
  /** What is wrong, without the prefix. */
  readonly reason: string;

  constructor(exitCode: number, reason: string) {
    super(exitCode, `relay curl: (${exitCode}) ${reason}`);
    this.reason = reason;
  }
}

/** A command line that makes no sense: curl's exit code 2, and no number in the message. */
export function badUsage(reason: string): ExitError {
  return new ExitError(2, `relay curl: ${reason}`);
}

/** A file of the command line cannot be read. */
export function unreadable(path: string, cause: unknown): CurlError {
  return new CurlError(
    26,
    `Cannot read ${path === "-" ? "standard input" : path} (${causeCode(cause)})`,
  );
}

/** curl's word for a failure of the relay or the upstream; `started`: the answer had begun. */
export function toCurlError(error: RelayError, started: boolean): CurlError {
  const broke = started && error.code !== "upstream_timeout";
  const reason = broke ? "The connection closed before the answer was whole" : error.message;
  return new CurlError(exitCode(error, started), reason);
}

function exitCode({ code, cause }: RelayError, started: boolean): number {
  const reason = causeCode(cause);
  if (code === "upstream_timeout") return 28;
  if (code === "upstream_dns") return 6;
  if (code === "upstream_refused") return 7;
  if (code === "upstream_tls") return certificateCodes.test(reason) ? 60 : 35;
  if (reason === "EPIPE") return 55;
  if (reason === "ECONNRESET") return 56;
  if (started) return 18;
  return code === "upstream_reset" ? 52 : 8;
}

/** OpenSSL's verdicts on a certificate, under the names Node gives them. */
const certificateCodes =
  /CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET|SELF_SIGNED|ALTNAME|INVALID_CA|INVALID_PURPOSE|CRL/;
