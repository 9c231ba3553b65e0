import { RelayError, relayBug, tooManyFiles, upstreamFailed, upstreamTimeout } from "../errors.ts";
import { MalformedAnswer } from "./answer-head.ts";

/** OpenSSL's and node:tls's names for certificates and handshakes that fail. */
const tls =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_|INVALID_(?:CA|PURPOSE)|PATH_LENGTH|ERROR_IN_)/;

/**
 * What went wrong between the relay and `origin`, in the relay's own words and codes. Takes whatever
 * node:net, node:tls or undici's connector gave; their messages stay in `cause`.
 */
export function toUpstreamFailure(cause: unknown, origin: string): RelayError {
  if (cause instanceof RelayError) return cause;
  const { code, syscall } = detailsOf(cause);
  const next = 'Run "relay check" to see why.';

  if (cause instanceof MalformedAnswer) {
    const why = `${origin} did not answer in proper HTTP/1.1 (${cause.message}).`;
    return upstreamFailed("upstream_bad_response", why, cause);
  }
  if (code === "UND_ERR_CONNECT_TIMEOUT") return upstreamTimeout("timeouts.connect", cause);
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
  // Of node:http's parser, where a relay is asked.
  if (/^HPE_/.test(code)) {
    const why = `${origin} did not answer in proper HTTP/1.1 (${code}).`;
    return upstreamFailed("upstream_bad_response", why, cause);
  }
  if (!/^E[A-Z]+$/.test(code)) return relayBug(cause);
  const why = `The connection to ${origin} broke before the answer was complete (${code}).`;
  return upstreamFailed("upstream_reset", why, cause);
}

type Details = { code: string; syscall: string };

function detailsOf(cause: unknown): Details {
  // One error for each address of the name; they seldom differ.
  if (cause instanceof AggregateError && cause.errors.length > 0) return detailsOf(cause.errors[0]);
  const { code, syscall } = (cause ?? {}) as Partial<Details>;
  return { code: typeof code === "string" ? code : "", syscall: syscall ?? "" };
}
