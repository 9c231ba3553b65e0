/** What is known of an attempt that failed before any byte of the answer. */
export type Attempt = {
  method: string;
  hasBody: boolean;
  /** Whether any byte of the request may have reached upstream. */
  written: boolean;
};

/**
 * Whether the relay may try once more on a fresh connection: when nothing was written, or for a request
 * that is safe to repeat (RFC 9110 section 9.2.2). A POST that was written is the client's to repeat.
 */
export function mayRetry({ method, hasBody, written }: Attempt): boolean {
  if (!written) return true;
  return !hasBody && (method === "GET" || method === "HEAD" || method === "OPTIONS");
}
