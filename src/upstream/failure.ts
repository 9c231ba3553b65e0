import { RelayError, upstreamFailed, upstreamTimeout } from "../errors.ts";

const timeouts: Record<string, string> = {
  UND_ERR_CONNECT_TIMEOUT: "timeouts.connect",
  UND_ERR_HEADERS_TIMEOUT: "timeouts.head",
  UND_ERR_BODY_TIMEOUT: "timeouts.idle",
};

/**
 * What went wrong between the relay and `origin`, in the relay's own words and codes. Takes whatever
 * undici, node:net or node:tls gave; their messages stay in `cause`.
 */
export function toUpstreamFailure(cause: unknown, origin: string): RelayError {
  if (cause instanceof RelayError) return cause;
  const code = codeOf(cause);
  const timeout = timeouts[code];
  if (timeout !== undefined) return upstreamTimeout(timeout, cause);

  const next = 'Run "relay check" to see why.';
  if (code === "ETIMEDOUT") return upstreamTimeout("timeouts.connect", cause);
  if (/^(ENOTFOUND|EAI_)/.test(code))
    return upstreamFailed(
      "upstream_dns",
      `The name in ${origin} was not found (${code}). ${next}`,
      cause,
    );
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES|EADDRNOTAVAIL)$/.test(code))
    return upstreamFailed(
      "upstream_refused",
      `Could not connect to ${origin} (${code}). ${next}`,
      cause,
    );
  if (isTls(code))
    return upstreamFailed(
      "upstream_tls",
      `No trusted TLS connection to ${origin} (${code}). ${next}`,
      cause,
    );
  if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code)) {
    const bad = /bad (response|upgrade)/.test(String((cause as Error).message));
    if (!bad)
      return upstreamFailed(
        "upstream_reset",
        `${origin} closed the connection before it had answered.`,
        cause,
      );
  }
  return upstreamFailed(
    "upstream_bad_response",
    `${origin} did not answer in proper HTTP/1.1 (${code}).`,
    cause,
  );
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0 && !("code" in cause))
    return codeOf(cause.errors[0]);
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "unknown";
}

/** OpenSSL's and node:tls's names for certificates and handshakes that fail. */
function isTls(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/.test(
    code,
  );
}
