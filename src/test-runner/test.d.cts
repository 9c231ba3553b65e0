// What `openai-relay/test` exports: published as it is, so it imports nothing.

/** What `startRelay` may be told. Whatever is not said here is as in `relay run`: environment, config file, default. */
export type RelayOptions = {
  /** Answer from the tape in this folder: no key, no network. */
  replay?: string;
  /** Record every exchange into this folder. */
  record?: string;
  /** Answer from the tape in this folder and record what is missing; in CI nothing is recorded. */
  tape?: string;
  /** 1 replays as fast as it was recorded, 2 twice as fast, 0 (the default) as fast as the client reads. */
  speed?: number;
  /** What is not on the tape: refuse it (400 `tape_miss`) or ask OpenAI; `auto` refuses with `replay` and in CI. */
  onMiss?: "auto" | "refuse" | "ask";
  /** What a request gets that comes more often than it was recorded. */
  afterLast?: "repeat" | "miss";
  /** Let `check` fail too when part of the tape was not used. */
  strictUnused?: boolean;
  /** Answer from the built-in mock: no key, no network. */
  mock?: boolean | MockOptions;
  /** Break calls on purpose: `"rate-limit(retry-after=2s)@/v1/chat/*;nth=1"`. */
  fault?: string | readonly string[];
  /** Which calls `chance=…` hits: the same seed, the same calls. */
  faultSeed?: number;
  /** Let a call ask for a fault of its own by the header `x-relay-fault`. */
  faultHeader?: boolean;
  /** Whom to ask instead of OpenAI. */
  upstream?: string;
  /** What to log on stderr; nothing unless it is said. */
  log?: "error" | "warn" | "info" | "debug";
  /** Let `process.env` lead clients to this relay until it stops. */
  env?: boolean;
  /** Read this config file instead of searching for one; `false`: none. */
  config?: string | false;
  /** Any other setting, by its name in the README and as its flag would say it: `{ "timeouts.head": "5s" }`. */
  settings?: Record<string, string | number | boolean | readonly string[]>;
};

export type MockOptions = {
  /** JSON or YAML file that says what the mock answers to which requests. */
  script?: string;
  /** Time to the first byte of an answer, such as `"300ms"`. */
  latency?: string;
  tokensPerSecond?: number;
  /** Above it: 429 with true rate-limit headers. */
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  /** What shares these two limits. */
  limitsPer?: "model" | "all";
};

/**
 * A relay in this process, on a free port of loopback. It does not keep the process alive.
 */
export type Relay = {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** The same with `/v1`: what the OpenAI SDKs call `baseURL` or `base_url`. */
  readonly baseURL: string;
  /** What makes SDKs find it, for programs that a test starts; the key stands for none. */
  readonly env: { readonly OPENAI_BASE_URL: string; readonly OPENAI_API_KEY: string };
  /** What was asked so far, in the order in which it came. */
  readonly calls: readonly Call[];
  /** What was asked and is not on the tape: each with how it differs from the nearest recording. */
  readonly misses: readonly string[];
  /** Names of the recordings that nobody has asked for yet. */
  readonly unused: readonly string[];
  /** Throws when there is a miss; with `strictUnused`, also when a recording was not used. */
  check(): void;
  /** Cuts what is still open, and resolves when all that was recorded is written. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** One call: never a key, a header or a body. */
export type Call = {
  method: string;
  /** Without the query; words that may be secrets are `…`. */
  path: string;
  /** The model that the request names in its body, path or query. */
  model: string | undefined;
  /** 0 while no answer has begun. */
  status: number;
  /** `undefined` while it goes on; `refused`: by the relay itself. */
  ending: "complete" | "client_left" | "upstream_broke" | "refused" | undefined;
  /** The `code` of the relay's own error, such as `tape_miss`. */
  error: string | undefined;
  /** The name of the fault that was done to it. */
  fault: string | undefined;
};

/** Starts a relay in this process. Rejects with one line for each thing that is wrong with the options. */
export function startRelay(options?: RelayOptions): Promise<Relay>;

/** What `useRelay` may be told: all that `startRelay` may, and where tapes are. */
export type EachOptions = RelayOptions & {
  /** Where tapes are, seen from the folder of the test file; `tapes` unless it is said. */
  tapes?: string;
};

/** The hooks of the runner: of vitest or node:test as they are imported, of jest as they are global. */
export type Hooks = {
  beforeEach(hook: () => Promise<void>): unknown;
  afterEach(hook: () => Promise<void>): unknown;
  /** Says which test runs where the runner does not tell its hooks (jest). */
  expect?: unknown;
};

/**
 * Starts a relay before each test, stops it after, and then fails the test as `check` does. Unless the
 * options name a tape or the mock, each test has a tape of its own: `tapeOf(test)`.
 */
export function useRelay(options?: EachOptions, hooks?: Hooks): Relay;

/**
 * The folder for a test's tape: `<folder of the test file>/tapes/<test file>/<name of the test>`. `test` is
 * what vitest and node:test hand to a test, or `expect` of vitest or jest.
 */
export function tapeOf(test: unknown, tapes?: string): string;
