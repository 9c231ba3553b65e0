import { isIP } from "node:net";
import * as v from "valibot";
import {
  choice,
  duration,
  list,
  type Setting,
  section,
  size,
  text,
  toggle,
  whole,
} from "./kinds.ts";

export type { Setting } from "./kinds.ts";

const kb = 1024;
const mb = 1024 ** 2;

const anyText = [/[\s\S]/, "a text that is not empty"] as const;
const headerValue = [/^[!-~]*$/, "a text of letters, digits and signs"] as const;
const headerItem = [/^[!-~]+$/, "a text of letters, digits and signs"] as const;
const tokenItem = [
  /^(?!ek_)[!-~]+$/,
  'a text of letters, digits and signs that does not start with "ek_" as OpenAI\'s client secrets do',
] as const;
const headerName = [
  /^(?!(?:host|connection|content-(?:length|type)|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$)[a-z0-9!#$%&'*+.^_`|~-]+$/i,
  "the name of a header that does not frame the message",
] as const;
const hostName = [/^[^\s/@]+$/, 'a host such as "files.example.com", without https://'] as const;
const prefix = [/^\//, 'a path that starts with "/"'] as const;
const mediaType = [/^[^\s/;]+\/[^\s/;]+$/, 'a media type such as "application/json"'] as const;
const origin = [
  /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#]+$/,
  'an origin such as "http://localhost:5173", without a path',
] as const;

const path = v.pipe(v.string(prefix[1]), v.regex(...prefix));
// An upstream that echoes a TRACE would hand out the key (RFC 9110 section 9.3.8).
const method = v.pipe(
  v.string(),
  v.regex(/^(?!trace$|connect$)[a-z]+$/i, 'a method such as "POST", not TRACE or CONNECT'),
);
const rule = 'a rule such as { "path": "/v1/a", "to": { "path": "/v1/b" } }';

const rewriteRule = v.strictObject(
  {
    /** Matches this method only; absent: any. */
    method: v.optional(method),
    /** A path as the client sends it; a `*` at the end matches any rest. */
    path,
    to: v.strictObject(
      {
        method: v.optional(method),
        /** A `*` at the end is replaced by what the `*` of `path` matched. */
        path: v.optional(path),
      },
      rule,
    ),
  },
  rule,
);

/** One rule of `rewrite`. */
export type RewriteRule = v.InferOutput<typeof rewriteRule>;

const address = v.pipe(
  v.string("an address or a host name"),
  v.transform((host) => host.toLowerCase().replace(/^\[(.*)\]$/, "$1")),
  // An empty host would listen everywhere.
  v.check((host) => isIP(host) > 0 || /^[a-z0-9._-]+$/.test(host), "an address or a host name"),
);

function url(start: RegExp, right: string, isRight: (url: URL) => boolean) {
  const check = (text: string) => URL.canParse(text) && isRight(new URL(text));
  return v.pipe(v.string(right), v.regex(start, right), v.check(check, right));
}

const upstreamUrl = url(
  /^https?:\/\//,
  'a URL such as "https://api.openai.com", without user, query or fragment',
  (at) => !at.username && !at.password && !at.search && !at.hash,
);

const proxyRight = 'env, off or a URL such as "http://proxy:3128"';
const proxyUrl = v.union(
  [v.picklist(["env", "off"], proxyRight), url(/^https?:\/\//, proxyRight, () => true)],
  proxyRight,
);

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Every setting of the relay, declared once. Flags, environment variables, the check of config files,
 * the JSON Schema, the help text and the table in the README are all made from this table.
 */
export const settings = {
  ...section("Listening", {
    port: whole(0, 65535, 8484, "Port to listen on; 0 picks a free one", { short: "p" }),
    host: {
      ...text(
        "127.0.0.1",
        "Address to listen on; 127.0.0.1 and localhost mean IPv4 and IPv6 loopback",
        {
          placeholder: "address",
          trusted: true,
        },
      ),
      schema: address,
    } as Setting<string>,
    tokens: list(tokenItem, "Client tokens, one of which every request must carry", {
      noFlag: true,
      trusted: true,
      secret: true,
    }),
    allowedHosts: list(hostName, "More names that clients may use for the relay in Host", {
      placeholder: "name",
      trusted: true,
      example: ["host.docker.internal"],
    }),
    allowedOrigins: list(origin, "Web origins that may call the relay from a browser", {
      placeholder: "origin",
      trusted: true,
      example: ["http://localhost:5173"],
    }),
    allowPaths: list(prefix, "Forward only paths that begin with one of these; none: every path", {
      placeholder: "prefix",
      example: ["/v1/"],
    }),
    tls: choice(
      ["auto", "off"],
      "auto",
      "https:// on the same port: auto when there is a certificate (relay tls makes one), or off",
    ),
    tlsCert: text("", "PEM file with your own certificate and its chain", {
      placeholder: "file",
      trusted: true,
      isFile: true,
    }),
    tlsKey: text("", "PEM file with the key of tlsCert; none: it is in the same file", {
      placeholder: "file",
      trusted: true,
      isFile: true,
    }),
  }),
  ...section("Upstream", {
    upstream: {
      ...text(
        "https://api.openai.com",
        "Where requests go; without a path of its own, /v1 is put in front",
        { placeholder: "url", trusted: true },
      ),
      schema: upstreamUrl,
    } as Setting<string>,
    insecureUpstream: toggle(false, "Allow http:// to an upstream that is not loopback", {
      trusted: true,
    }),
    mock: toggle(false, "Answer from the built-in mock: no key, no network"),
    proxy: {
      ...text("env", "Proxy towards the upstream: a URL, env (HTTPS_PROXY, NO_PROXY) or off", {
        placeholder: "url",
        trusted: true,
      }),
      schema: proxyUrl,
    } as Setting<string>,
    ca: text("", "PEM file with more certificate authorities to trust upstream", {
      placeholder: "file",
      trusted: true,
      isFile: true,
    }),
    systemCa: toggle(true, "Trust the certificate authorities of the system as well"),
    followRedirects: list(
      hostName,
      "Hosts to which redirects of GET are followed, never with the key",
      { placeholder: "host", trusted: true, example: ["files.example.com"] },
    ),
  }),
  ...section("Key", {
    keyFile: text("", "Read the API key from this file; - reads it from standard input", {
      placeholder: "file",
      trusted: true,
      isFile: true,
    }),
    adminKeyFile: text("", "Read the admin key from this file", {
      placeholder: "file",
      trusted: true,
      isFile: true,
    }),
    keyCommand: {
      ...list(anyText, "Run this command (an argument list, no shell); it prints the API key", {
        noFlag: true,
        trusted: true,
      }),
      // An argument may hold a comma.
      fromText: (t: string) => (t.startsWith("[") ? fromJson(t) : t.split(/\s+/)),
    },
    auth: choice(
      ["replace", "passthrough"],
      "replace",
      "Put the relay's key on, or leave the client's own",
      { trusted: true },
    ),
    authHeader: text(
      "authorization",
      "Header that carries the key, for upstreams that want another",
      { placeholder: "name", trusted: true },
      headerName,
    ),
    organization: text(
      "",
      "OpenAI-Organization for requests that name none",
      { placeholder: "id" },
      headerValue,
    ),
    project: text(
      "",
      "OpenAI-Project for requests that name none",
      { placeholder: "id" },
      headerValue,
    ),
  }),
  ...section("Requests and answers", {
    beta: list(headerItem, "OpenAI-Beta flags, merged with the client's", {
      placeholder: "flag",
      example: ["assistants=v2"],
    }),
    defaultContentType: toggle(
      true,
      "Send Content-Type: application/json with bodies that have none",
    ),
    validate: toggle(false, "Refuse bodies whose Content-Type is not in contentTypes with 415"),
    contentTypes: {
      ...list(
        mediaType,
        "Media types that validate accepts, beside every type that ends in +json",
        {
          placeholder: "type",
        },
      ),
      default: ["application/json", "multipart/form-data", "application/sdp"],
    },
    headViaGet: toggle(
      false,
      "Ask for binary content with GET and Range when the client sends HEAD",
    ),
    rewrite: {
      schema: v.array(rewriteRule, "a list of rules"),
      fromText: fromJson,
      default: [],
      about: "Rules that replace methods and paths before forwarding",
      noFlag: true,
      example: [{ method: "POST", path: "/v1/responses:stream", to: { path: "/v1/responses" } }],
    } as Setting<RewriteRule[]>,
    websocket: toggle(
      true,
      "Let WebSockets through; off: 426, and clients fall back to HTTP at once",
    ),
    antiBuffering: toggle(
      false,
      "Add X-Accel-Buffering: no to event streams, for proxies in front",
    ),
  }),
  timeouts: section("Timeouts", {
    connect: duration("10s", "To connect to the upstream, TLS included"),
    head: duration(0, "For the head of an answer; 0: none"),
    idle: duration(0, "Between two slices of an answer; 0: none"),
    total: duration(0, "For a whole exchange; 0: none"),
    upload: duration("5m", "For the next byte of a request body; 0: none"),
    drain: duration("30s", "For live answers to finish when the relay is told to stop"),
  }),
  limits: section("Limits", {
    connections: whole(1, 1_000_000, 16_384, "Open client connections"),
    requests: whole(0, 1_000_000, 0, "Requests at the same time; 0: any number"),
    headers: size([kb, mb], "64kb", "Header section of a request or an answer"),
    target: size([kb, mb], "32kb", "Path and query of a request"),
    body: size([0, 1024 * 1024 * mb], 0, "Body of a request; 0: any size"),
  }),
  log: section("Log", {
    level: choice(["silent", "error", "warn", "info", "debug", "trace"], "info", "What to log"),
    format: choice(
      ["auto", "pretty", "json"],
      "auto",
      "auto: pretty on a terminal, JSON lines else",
    ),
  }),
};

type Values<T> = { [K in keyof T]: T[K] extends Setting<infer V> ? V : Values<T[K]> };

/** The settings in force. Times are in milliseconds, sizes in bytes, file names absolute. */
export type Config = Values<typeof settings>;
