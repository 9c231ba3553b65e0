// All that the relay may change on the wire with default settings. The README prints this table, the
// contract test allows what it says and nothing else.

type Row = {
  to: "OpenAI" | "the client" | "both";
  what: string;
  becomes: string;
};

/** What becomes of header lines, by lower-cased name; a `*` at the end stands for any rest. */
export type LineRule = Row & {
  names: string[];
  /**
   * `drop`: never passed. `own`: dropped, and the relay's own connection has its own. `replace`: by the
   * relay's key. `default`: added where a body came without one. `configured`: passed, unless set.
   * `handshake`: passed where a WebSocket is asked for, without a key among the subprotocols.
   */
  fate: "drop" | "own" | "replace" | "default" | "configured" | "handshake";
};

/** What becomes of a message beside its header lines; `expected.ts` has the arithmetic of each. */
export type FormRule = Row & {
  form:
    | "white space"
    | "chunks"
    | "path"
    | "request trailers"
    | "framing"
    | "subprotocol"
    | "no content"
    | "sandbox";
};

export const allowed: (LineRule | FormRule)[] = [
  {
    to: "OpenAI",
    what: "`Host`",
    becomes: "OpenAI's",
    names: ["host"],
    fate: "own",
  },
  {
    to: "OpenAI",
    what: "`Authorization`",
    becomes: "the relay's key, in the same place; `Bearer ek_…` passes",
    names: ["authorization"],
    fate: "replace",
  },
  {
    to: "OpenAI",
    what: "`Connection` and what it names, `Keep-Alive`, `Proxy-*`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade`, `HTTP2-Settings`",
    becomes: "dropped: each connection has its own",
    names: [
      "connection",
      "keep-alive",
      "proxy-*",
      "te",
      "trailer",
      "transfer-encoding",
      "upgrade",
      "http2-settings",
    ],
    fate: "own",
  },
  {
    to: "OpenAI",
    what: "`Expect`",
    becomes: "dropped: answered here",
    names: ["expect"],
    fate: "drop",
  },
  {
    to: "OpenAI",
    what: "`Sec-WebSocket-*` of a handshake",
    becomes: "pass; a key among the subprotocols is taken out (`ek_…` passes)",
    names: ["sec-websocket-*"],
    fate: "handshake",
  },
  {
    to: "OpenAI",
    what: "`Sec-*`, `Origin`, `Cookie`, `Referer`, `Forwarded`, `X-Forwarded-*`, `X-Real-IP`",
    becomes: "dropped: browsers and proxies add them",
    names: ["sec-*", "origin", "cookie", "referer", "forwarded", "x-forwarded-*", "x-real-ip"],
    fate: "drop",
  },
  {
    to: "OpenAI",
    what: "`X-Relay-*`",
    becomes: "dropped: meant for the relay",
    names: ["x-relay-*"],
    fate: "drop",
  },
  {
    to: "OpenAI",
    what: "`Content-Type`",
    becomes: "`application/json` where a body came without one",
    names: ["content-type"],
    fate: "default",
  },
  {
    to: "OpenAI",
    what: "`OpenAI-Organization`, `OpenAI-Project`, `OpenAI-Beta`",
    becomes: "only as configured",
    names: ["openai-organization", "openai-project", "openai-beta"],
    fate: "configured",
  },
  {
    to: "OpenAI",
    what: "a path without `/v1`, a target with a host",
    becomes: "`/v1` in front; path and query only",
    form: "path",
  },
  {
    to: "OpenAI",
    what: "trailers of requests",
    becomes: "dropped",
    form: "request trailers",
  },
  {
    to: "the client",
    what: "`Connection` and what it names, `Keep-Alive`, `Proxy-Connection`, `Proxy-Authenticate`, `Proxy-Authorization`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade`",
    becomes: "dropped: each connection has its own",
    names: [
      "connection",
      "keep-alive",
      "proxy-connection",
      "proxy-authenticate",
      "proxy-authorization",
      "te",
      "trailer",
      "transfer-encoding",
      "upgrade",
    ],
    fate: "own",
  },
  {
    to: "the client",
    what: "`Alt-Svc`, `Strict-Transport-Security`",
    becomes: "dropped: they speak of OpenAI's host",
    names: ["alt-svc", "strict-transport-security"],
    fate: "drop",
  },
  {
    to: "the client",
    what: "`Sec-WebSocket-Protocol`",
    becomes: "the subprotocol with the key, where nothing else was offered",
    form: "subprotocol",
  },
  {
    to: "the client",
    what: "what a browser opens as a page (`Sec-Fetch-Mode: navigate`)",
    becomes: "`Content-Security-Policy: sandbox` is added: it is of the inspector's origin there",
    form: "sandbox",
  },
  {
    to: "the client",
    what: "`Content-Length` of a 204",
    becomes: "dropped (RFC 9110 section 8.6)",
    form: "no content",
  },
  {
    to: "the client",
    what: "a body that ends with the connection",
    becomes: "chunked; for HTTP/1.0 clients the other way round",
    form: "framing",
  },
  {
    to: "both",
    what: "the HTTP version; white space around header values",
    becomes: "1.1; one space in front",
    form: "white space",
  },
  {
    to: "both",
    what: "how a chunked body is cut",
    becomes: "by slice, as they arrived; chunk extensions are dropped",
    form: "chunks",
  },
];
