import * as v from "valibot";

/**
 * Every setting of the relay, declared once. Flags, environment variables, the check of config files,
 * the JSON Schema, the help text and the table in the README are all made from this file.
 */
export type Setting<T = unknown> = {
  /** What a config file may say, and what becomes of it. */
  schema: v.GenericSchema<unknown, T>;
  /** What the text of a flag or an environment variable says, before the schema sees it. */
  fromText: (text: string) => unknown;
  /** As a config file would say it. */
  default: unknown;
  about: string;
  /** What stands for the value in `--help`; absent for switches. */
  placeholder?: string;
  short?: string;
  /** A flag that may be given several times. */
  repeatable?: boolean;
  /** Only for config files and the environment: no flag. */
  noFlag?: boolean;
  /** A value for `relay.config.example.json` when the default would teach nothing. */
  example?: unknown;
  /** A discovered config file may not set it until it is trusted. */
  trusted?: boolean;
};

type Extras = Omit<Setting, "schema" | "fromText" | "default" | "about">;

const seconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const bytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

function text(fallback: string, about: string, extras: Extras = {}): Setting<string> {
  return { schema: v.string(), fromText: (t) => t, default: fallback, about, ...extras };
}

function choice<const T extends readonly string[]>(
  options: T,
  fallback: T[number],
  about: string,
  extras: Extras = {},
): Setting<T[number]> {
  const schema = v.picklist(options, `one of ${options.join(", ")}`);
  const placeholder = options.join("|");
  return { schema, fromText: (t) => t, default: fallback, about, placeholder, ...extras };
}

function toggle(fallback: boolean, about: string, extras: Extras = {}): Setting<boolean> {
  const words: Record<string, boolean> = { true: true, 1: true, yes: true, on: true };
  Object.assign(words, { false: false, 0: false, no: false, off: false });
  const fromText = (t: string) => words[t.toLowerCase()] ?? t;
  return { schema: v.boolean("true or false"), fromText, default: fallback, about, ...extras };
}

function whole(min: number, max: number, fallback: number, about: string, extras: Extras = {}) {
  const right = `a whole number from ${min} to ${max}`;
  const schema = v.pipe(
    v.number(right),
    v.integer(right),
    v.minValue(min, right),
    v.maxValue(max, right),
  );
  const fromText = (t: string) => (/^-?\d+$/.test(t) ? Number(t) : t);
  return { schema, fromText, default: fallback, about, placeholder: "number", ...extras };
}

function list(about: string, extras: Extras = {}): Setting<string[]> {
  const schema = v.array(v.string("a text"), "a list of texts");
  const fromText = (t: string) => t.split(/[,\n]/).flatMap((part) => part.trim() || []);
  return { schema, fromText, default: [], about, repeatable: true, ...extras };
}

/** A number with a unit: `10s`, `500ms`, `64kb`; without one, the smallest unit. */
function amount(units: Record<string, number>, right: string) {
  return v.pipe(
    v.union([v.number(), v.string()], right),
    v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
      const parts = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(dataset.value));
      const unit = parts?.[2] ? units[parts[2].toLowerCase()] : 1;
      if (!parts || unit === undefined) {
        addIssue({ message: right });
        return NEVER;
      }
      return Math.round(Number(parts[1]) * unit);
    }),
  );
}

function duration(fallback: string | 0, about: string, extras: Extras = {}): Setting<number> {
  const schema = amount(seconds, 'a time such as "10s", "500ms" or "20m"');
  return { schema, fromText: (t) => t, default: fallback, about, placeholder: "time", ...extras };
}

function size(fallback: string | 0, about: string, extras: Extras = {}): Setting<number> {
  const schema = amount(bytes, 'a size such as "64kb" or "10mb"');
  return { schema, fromText: (t) => t, default: fallback, about, placeholder: "size", ...extras };
}

const rewriteRule = v.strictObject({
  /** Matches this method only; absent: any. */
  method: v.optional(v.string()),
  /** A path as the client sends it; a `*` at the end matches any rest. */
  path: v.pipe(v.string(), v.startsWith("/", 'a path that starts with "/"')),
  to: v.strictObject({
    method: v.optional(v.string()),
    /** A `*` at the end is replaced by what the `*` of `path` matched. */
    path: v.optional(v.pipe(v.string(), v.startsWith("/", 'a path that starts with "/"'))),
  }),
});

/** One rule of `rewrite`. */
export type RewriteRule = v.InferOutput<typeof rewriteRule>;

function fromJson(t: string): unknown {
  try {
    return JSON.parse(t);
  } catch {
    return t;
  }
}

const upstreamUrl = v.pipe(
  v.string(),
  v.check((value) => {
    if (!URL.canParse(value)) return false;
    const url = new URL(value);
    return /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash;
  }, 'a URL such as "https://api.openai.com", without user, query or fragment'),
);

export const settings = {
  port: whole(0, 65535, 8484, "Port to listen on; 0 picks a free one", { short: "p" }),
  host: text("127.0.0.1", "Address to listen on; a loopback address means IPv4 and IPv6 loopback", {
    placeholder: "address",
    trusted: true,
  }),
  upstream: {
    schema: upstreamUrl,
    fromText: (t: string) => t,
    default: "https://api.openai.com",
    about: "Where requests go; without a path of its own, /v1 is put in front",
    placeholder: "url",
    trusted: true,
  } satisfies Setting<string> as Setting<string>,
  insecureUpstream: toggle(false, "Allow http:// to an upstream that is not loopback", {
    trusted: true,
  }),
  mock: toggle(false, "Answer from the built-in mock: no key, no network"),
  keyFile: text("", "Read the API key from this file", { placeholder: "file", trusted: true }),
  adminKeyFile: text("", "Read the admin key from this file", {
    placeholder: "file",
    trusted: true,
  }),
  keyCommand: list("Run this command (an argument list, no shell); it prints the API key", {
    noFlag: true,
    trusted: true,
    example: [],
  }),
  auth: choice(
    ["replace", "passthrough"],
    "replace",
    "Put the relay's key on, or leave the client's own",
    { trusted: true },
  ),
  authHeader: text(
    "authorization",
    "Header that carries the key, for upstreams that want another",
    {
      placeholder: "name",
      trusted: true,
    },
  ),
  organization: text("", "OpenAI-Organization for requests that name none", { placeholder: "id" }),
  project: text("", "OpenAI-Project for requests that name none", { placeholder: "id" }),
  beta: list("OpenAI-Beta flags, merged with the client's", {
    placeholder: "flag",
    example: ["assistants=v2"],
  }),
  defaultContentType: toggle(
    true,
    "Send Content-Type: application/json with bodies that have none",
  ),
  validate: toggle(false, "Refuse bodies whose Content-Type is not in contentTypes with 415"),
  contentTypes: {
    ...list("Media types that validate accepts, beside every type that ends in +json", {
      placeholder: "type",
    }),
    default: ["application/json", "multipart/form-data", "application/sdp"],
  },
  headViaGet: toggle(false, "Ask for binary content with GET and Range when the client sends HEAD"),
  followRedirects: list("Hosts to which redirects of GET are followed, never with the key", {
    placeholder: "host",
    trusted: true,
    example: ["files.example.com"],
  }),
  rewrite: {
    schema: v.array(rewriteRule, "a list of rules"),
    fromText: fromJson,
    default: [],
    about: "Rules that replace methods and paths before forwarding",
    noFlag: true,
    example: [{ method: "POST", path: "/v1/responses:stream", to: { path: "/v1/responses" } }],
  } satisfies Setting<RewriteRule[]> as Setting<RewriteRule[]>,
  allowPaths: list("Forward only paths that begin with one of these; none: every path", {
    placeholder: "prefix",
    example: ["/v1/"],
  }),
  allowedHosts: list("More names that clients may use for the relay in Host", {
    placeholder: "name",
    trusted: true,
    example: ["host.docker.internal"],
  }),
  allowedOrigins: list("Web origins that may call the relay from a browser", {
    placeholder: "origin",
    trusted: true,
    example: ["http://localhost:5173"],
  }),
  tokens: list("Client tokens, one of which every request must carry", {
    noFlag: true,
    trusted: true,
    example: [],
  }),
  proxy: text("env", "Proxy towards the upstream: a URL, env (HTTPS_PROXY, NO_PROXY) or off", {
    placeholder: "url",
    trusted: true,
  }),
  ca: text("", "PEM file with more certificate authorities to trust upstream", {
    placeholder: "file",
    trusted: true,
  }),
  systemCa: toggle(true, "Trust the certificate authorities of the system as well"),
  antiBuffering: toggle(false, "Add X-Accel-Buffering: no to event streams, for proxies in front"),
  timeouts: {
    connect: duration("10s", "To connect to the upstream, TLS included"),
    head: duration(0, "For the head of an answer; 0: none"),
    idle: duration(0, "Between two slices of an answer; 0: none"),
    total: duration(0, "For a whole exchange; 0: none"),
    drain: duration("30s", "For live answers to finish when the relay is told to stop"),
  },
  limits: {
    connections: whole(1, 1_000_000, 16_384, "Open client connections"),
    requests: whole(0, 1_000_000, 0, "Requests at the same time; 0: any number"),
    headers: size("64kb", "Header section of a request or an answer"),
    target: size("32kb", "Path and query of a request"),
    body: size(0, "Body of a request; 0: any size"),
  },
  log: {
    level: choice(["silent", "error", "warn", "info", "debug", "trace"], "info", "What to log"),
    format: choice(
      ["auto", "pretty", "json"],
      "auto",
      "auto: pretty on a terminal, JSON lines else",
    ),
  },
};

type Values<T> = { [K in keyof T]: T[K] extends Setting<infer V> ? V : Values<T[K]> };

/** The settings in force. Times are in milliseconds, sizes in bytes. */
export type Config = Values<typeof settings>;
