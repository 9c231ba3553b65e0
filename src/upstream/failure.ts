import { RelayError, relayBug, tooManyFiles, upstreamFailed, upstreamTimeout } from "../errors.ts";

const timeouts: Record<string, string> = {
  UND_ERR_CONNECT_TIMEOUT: "timeouts.connect",
  UND_ERR_HEADERS_TIMEOUT: "timeouts.head",
  UND_ERR_BODY_TIMEOUT: "timeouts.idle",
};

/** OpenSSL's and node:tls's names for certificates and handshakes that fail. */
const tls =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_|INVALID_(?:CA|PURPOSE)|PATH_LENGTH|ERROR_IN_)/;

/** undici's name for what it may not be asked: a fault of the relay. */
const misuse = /^UND_ERR_(?:INVALID_ARG|NOT_SUPPORTED)$/;

/**
 * What went wrong between the relay and `origin`, in the relay's own words and codes. Takes whatever
 * undici, node:net or node:tls gave; their messages stay in `cause`.
 */
export function toUpstreamFailure(cause: unknown, origin: string): RelayError {
  if (cause instanceof RelayError) return cause;
  const { code, syscall, name, message } = detailsOf(cause);
  const next = 'Run "relay check" to see why.';

  const setting = timeouts[code];
  if (setting !== undefined) return upstreamTimeout(setting, cause);
  // Whatever it was opened for: nothing is wrong with upstream.
  if (code === "EMFILE" || code === "ENFILE") return tooManyFiles(cause);
  if (code === "ETIMEDOUT" && syscall === "connect")
    return upstreamTimeout("timeouts.connect", cause);
  if (syscall === "getaddrinfo") {
    const why = `The name in ${origin} was not found (${code}). ${next}`;
    return upstreamFailed("upstream_dns", why, cause);
  }
  if (tls.test(code)) {
    const why = `No trusted TLS connection to ${origin} (${code}). ${next}`;
    return upstreamFailed("upstream_tls", why, cause);
  }
  if (syscall === "connect") {
    const why = `Could not connect to ${origin} (${code}). ${next}`;
    return upstreamFailed("upstream_refused", why, cause);
  }
  const isBad = code === "UND_ERR_SOCKET" && /^bad /.test(message);
  if (!isBad && /^(?:E[A-Z]+|UND_ERR_(?:SOCKET|CLOSED|DESTROYED))$/.test(code)) {
    const why = `The connection to ${origin} broke before the answer was complete (${code}).`;
    return upstreamFailed("upstream_reset", why, cause);
  }
  if (name !== "HTTPParserError" && (code === "" || misuse.test(code))) return relayBug(cause);
  const why = `${origin} did not answer in proper HTTP/1.1 (${code || name}).`;
  return upstreamFailed("upstream_bad_response", why, cause);
}

type Details = { code: string; syscall: string; name: string; message: string };

function detailsOf(cause: unknown): Details {
  // One error for each address of the name; they seldom differ.
  if (cause instanceof AggregateError && cause.errors.length > 0) return detailsOf(cause.errors[0]);
  const { code, syscall, name, message } = (cause ?? {}) as Partial<Details>;
  return {
    code: typeof code === "string" ? code : "",
    syscall: syscall ?? "",
    name: name ?? "",
    message: message ?? "",
  };
}
