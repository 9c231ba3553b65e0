import { randomUUID } from "node:crypto";
import type { Budgets } from "./budget/budgets.ts";
import type { Run } from "./budget/ledger.ts";
import { isOffline } from "./config/offline.ts";
import type { Config } from "./config/settings.ts";
import { unknownPath } from "./errors.ts";
import type { Answerer, Observer, Upgrader } from "./exchange.ts";
import { createRewrite } from "./forward/rewrite.ts";
import type { Upstream } from "./forward/upstream.ts";
import { toBase, toOperationPath } from "./forward/url.ts";
import { createValidation } from "./forward/validate.ts";
import { createInspector } from "./inspector/inspector.ts";
import type { Sessions } from "./inspector/sessions.ts";
import type { Journal } from "./journal/journal.ts";
import type { Keys } from "./key/keys.ts";
import type { Scraped } from "./metrics/exposition.ts";
import { createScrape } from "./metrics/scrape.ts";
import { needsFields } from "./policy/askers.ts";
import { toComparable } from "./policy/path.ts";
import { createRequestCheck, type RequestCheck } from "./policy/requests.ts";
import { createHealth, createRouter, createUpgradeRouter, type Reloads } from "./server/router.ts";
import { type Entry, type RelayServer, startServer } from "./server/server.ts";
import { checkTarget } from "./server/target.ts";
import type { Taped } from "./tape/tape.ts";
import { findCredentials } from "./tls/credentials.ts";

/**
 * The relay, put together: a request passes the server's door, then what some settings check, then it is
 * answered.
 *
 *     server > router > check (rewrite, allowPaths, policy, validate) > fields (policy) > faults > tape > budgets > forward or mock
 */
export async function startRelay(
  config: Config,
  observers: readonly Observer[],
  env: NodeJS.ProcessEnv = process.env,
  { entry, keysOf, sessions, run = newRun(), journal, scrapeAll }: Ties = {},
): Promise<Relay> {
  const credentials = await findCredentials(config, env);
  const reloads: Reloads = { done: 0, failed: 0 };
  const health = createHealth(reloads);
  // Without a setting for it there may still be one, for metrics and traces alone.
  const shown = config.journal ? journal : undefined;
  const inspector = createInspector({ env, journal: shown, sessions });
  const open = () => ({
    ...{ answers: server.live, webSockets: server.tunnels },
    upstream: inside.connections?.(),
  });
  const counting = journal && config.metrics && createScrape({ journal, open, scrapeAll });
  const own = { health, ...(counting && { metrics: counting.answer }) };
  const route = (config: Config, { answer, upgrade }: Inside) => ({
    config,
    answer: createRouter(own, answer),
    upgrade: createUpgradeRouter(upgrade),
    page: inspector.page(config),
  });
  let inside = await createAnswerer(config, env, { keysOf, run });
  const watching = journal ? [...observers, journal.observer] : observers;
  const start = startServer(route(config, inside), watching, credentials, env, entry);
  const server = await start.catch(async (error: unknown) => {
    await inside.close();
    throw error;
  });
  journal?.begin(`${server.url}/v1`);
  return {
    server,
    certificateUntil: credentials?.expires,
    get tape() {
      return inside.tape;
    },
    get budgets() {
      return inside.budgets;
    },
    async open() {
      return { answers: server.live, webSockets: server.tunnels };
    },
    async reload(next) {
      const former = inside;
      inside = await createAnswerer(next, env, { keysOf, run });
      // Not waited for: it may be a stream of an hour, or a WebSocket.
      void server.use(route(next, inside)).then(former.close);
    },
    ...(counting && { scrape: counting.scrape }),
    async countReloads(counted) {
      Object.assign(reloads, counted);
    },
    async stop() {
      inspector.close();
      await server.drain();
      await inside.close();
      await journal?.close();
    },
    async cut() {
      server.cut();
    },
  };
}

/** What ties a worker to others: alone, a relay has a port, keys and sessions of its own. */
export type Ties = {
  entry?: Entry;
  keysOf?: ((config: Config, env: NodeJS.ProcessEnv) => Keys) | undefined;
  sessions?: Sessions;
  /** What budgets for a run count together. */
  run?: Run;
  /** Where calls are kept; a relay that stops closes it. */
  journal?: Journal | undefined;
  /** What all processes say at a scrape. */
  scrapeAll?: () => Promise<Scraped[]>;
};

/** A relay that serves, in this process or in several. */
export type Serving = {
  readonly server: Pick<RelayServer, "port" | "url">;
  /** When the certificate expires that TLS is served with; `undefined`: plain HTTP only. */
  readonly certificateUntil: Date | undefined;
  /** What is open at this moment. */
  open(): Promise<{ answers: number; webSockets: number }>;
  /** Answers new requests by other settings; what is under way ends as it began. */
  reload(config: Config): Promise<void>;
  /** Lets `/_relay/health` say how many reloads there were. */
  countReloads(reloads: Reloads): Promise<void>;
  /** Lets live answers finish, then closes everything. */
  stop(): Promise<void>;
  /** Cuts every connection now. */
  cut(): Promise<void>;
};

/** A relay in this process. */
export type Relay = Serving & {
  readonly server: RelayServer;
  /** Where there is one; a reload begins it anew. */
  readonly tape: Taped | undefined;
  readonly budgets: Budgets | undefined;
  /** What this process says at a scrape; absent without metrics. */
  scrape?(): Promise<Scraped>;
};

/** What answers a request once it is inside: the same in the server and in `relay curl`. */
export type Inside = {
  answer: Answerer;
  upgrade: Upgrader;
  tape?: Taped;
  budgets?: Budgets;
  /** Connections upstream, where something is forwarded. */
  connections?: Upstream["connections"];
  close(): Promise<void>;
};

/** Puts together what answers. */
export async function createAnswerer(
  config: Config,
  env: NodeJS.ProcessEnv = process.env,
  { keysOf, run = newRun() }: Pick<Ties, "keysOf" | "run"> = {},
): Promise<Inside> {
  if (config.prices !== "") await checkPrices(config.prices);
  const budgets = config.budget.length > 0 ? await createBudgeting(config, env, run) : undefined;
  const source = async () => {
    const plain = await (config.mock ? createMock(config) : createForwarding(config, env, keysOf));
    const free = config.includeUsage ? await createIncluding(plain) : plain;
    return budgets ? budgets.around(free) : free;
  };
  const hasTape = [config.record, config.replay, config.tape].some(Boolean);
  const sound = hasTape ? await createTape(config, env, source) : await source();
  const isFaulty = config.fault.length > 0 || config.faultHeader;
  const inside = isFaulty ? await createFaulty(config, sound) : sound;
  const read = needsFields(config) ? await createReading(config, inside) : inside;
  const { answer, upgrade } = read;
  const whole = { ...sound, ...read, ...(budgets && withBudgets(budgets, read)) };
  const check = createCheck(config);
  if (!check) return whole;

  return {
    ...whole,
    answer(exchange, reply) {
      const refusal = check(exchange, false);
      if (refusal) reply.fail(refusal);
      else answer(exchange, reply);
    },
    upgrade(exchange, reply) {
      const refusal = check(exchange, true);
      if (refusal) reply.fail(refusal);
      else upgrade(exchange, reply);
    },
  };
}

/** What some settings change or refuse, without reading a body; `undefined` when none of them is used. */
function createCheck(config: Config): RequestCheck | undefined {
  const isVersioned = toBase(config.upstream).versioned;
  const rewrite = config.rewrite.length > 0 ? createRewriteStep(config) : undefined;
  const paths = config.allowPaths.length > 0 ? createPathCheck(config, isVersioned) : undefined;
  const policy = createRequestCheck(config, isVersioned);
  const validate = config.validate ? createValidation(config) : undefined;

  // In this order: rules are about what goes upstream.
  const checks = [rewrite, paths, policy, validate].filter((one) => one !== undefined);
  if (checks.length === 0) return undefined;
  return function check(exchange, isUpgrade) {
    for (const one of checks) {
      const refusal = one(exchange, isUpgrade);
      if (refusal) return refusal;
    }
    return undefined;
  };
}

function createRewriteStep(config: Config): RequestCheck {
  const rewrite = createRewrite(config.rewrite);
  return function check(exchange) {
    rewrite(exchange);
    // A rule may put together what the door would have refused.
    return checkTarget(exchange.target, config.limits.target);
  };
}

/** `allowPaths`: each stands for itself and what is below it. */
function createPathCheck({ allowPaths }: Config, isVersioned: boolean): RequestCheck {
  const folders = allowPaths.map((path) => (path.endsWith("/") ? path : `${path}/`));
  return function check({ target }) {
    const path = target.split("?", 1)[0]!;
    const operation = `${isVersioned ? toOperationPath(target) : path}/`;
    return folders.some((folder) => operation.startsWith(folder)) ? undefined : unknownPath(path);
  };
}

/** The relay alone. */
function newRun(): Run {
  return { pid: process.pid, id: randomUUID() };
}

/** Budgets end after what spends them. */
function withBudgets(budgets: Budgets, { close }: Inside): Pick<Inside, "budgets" | "close"> {
  return {
    budgets,
    async close() {
      await close();
      await budgets.close();
    },
  };
}

// Each of these is loaded only when it is used: start-up is faster without it.

/** Who else could answer is only asked for where somebody else may be asked. */
async function createTape(
  config: Config,
  env: NodeJS.ProcessEnv,
  source: () => Promise<Inside>,
): Promise<Inside> {
  const { createTaped } = await import("./tape/tape.ts");
  const inner = isOffline(config, env) ? undefined : await source();
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const tape = createTaped({ config, inner, say });
  return {
    answer: tape.answer,
    upgrade: tape.upgrade,
    tape,
    async close() {
      await tape.close();
      await inner?.close();
    },
    ...(inner?.connections && { connections: inner.connections }),
  };
}

async function createBudgeting(config: Config, env: NodeJS.ProcessEnv, run: Run): Promise<Budgets> {
  const { createBudgets } = await import("./budget/budgets.ts");
  return createBudgets(config, env, run);
}

/** They are read where they are used; what is wrong with them is said at the start. */
async function checkPrices(file: string): Promise<void> {
  const { loadPrices } = await import("./usage/price-file.ts");
  loadPrices(file);
}

async function createIncluding(inside: Inside): Promise<Inside> {
  const { withIncludedUsage } = await import("./usage/include.ts");
  return { ...inside, answer: withIncludedUsage(inside.answer) };
}

async function createReading(config: Config, { answer, upgrade, close }: Inside): Promise<Inside> {
  const { withFields, withFieldsOnUpgrade } = await import("./policy/fields.ts");
  return {
    answer: withFields(config, answer),
    upgrade: withFieldsOnUpgrade(config, upgrade),
    close,
  };
}

async function createFaulty(config: Config, { answer, upgrade, close }: Inside): Promise<Inside> {
  const { withFaults } = await import("./fault/faults.ts");
  const isVersioned = toBase(config.upstream).versioned;
  const toPath = (path: string) => toComparable(path, isVersioned);
  return { ...withFaults(config, toPath, { answer, upgrade }), close };
}

async function createMock(config: Config): Promise<Inside> {
  const { createMocked } = await import("./mock/inside.ts");
  return { ...(await createMocked(config)), close: async () => {} };
}

async function createForwarding(
  config: Config,
  env: NodeJS.ProcessEnv,
  keysOf: Ties["keysOf"],
): Promise<Inside> {
  const { createUpstream } = await import("./forward/upstream.ts");
  return createUpstream(config, env, keysOf);
}
