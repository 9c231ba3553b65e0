import { RelayError } from "../errors.ts";

/** What is known of an attempt that failed. */
export type Attempt = {
  method: string;
  hasBody: boolean;
  /** Whether any byte of the request may have reached upstream. */
  written: boolean;
  /** Whether any byte of an answer came. */
  answered: boolean;
};

/** Failures to which a fresh connection may be the remedy. */
const remediable = new Set(["upstream_refused", "upstream_reset", "upstream_dns"]);

/**
 * Whether the relay may try once more on a fresh connection: when nothing was written, or for a request
 * that is safe to repeat (RFC 9110 section 9.2.2). A POST that was written is the client's to repeat.
 */
export function mayRetry(failure: RelayError, attempt: Attempt): boolean {
  return remediable.has(failure.code) && isSafe(attempt);
}

/** The failure with the word that SDKs may repeat the request, where that is safe and may help. */
export function withAdvice(failure: RelayError, attempt: Attempt): RelayError {
  const { message, status, code, cause } = failure;
  const wasSlow = code === "upstream_timeout" && !attempt.written;
  if (!wasSlow && !mayRetry(failure, attempt)) return failure;
  return new RelayError(message, { status, code, cause, retry: true });
}

function isSafe({ method, hasBody, written, answered }: Attempt): boolean {
  if (answered) return false;
  return !written || (!hasBody && /^(?:GET|HEAD|OPTIONS)$/.test(method));
}
