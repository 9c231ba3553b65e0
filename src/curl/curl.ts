import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/settings.ts";
import { ExitError } from "../exit.ts";
import { watchConnections } from "./connection.ts";
import { CurlError } from "./failure.ts";
import { follow } from "./follow.ts";
import { readInput } from "./input.ts";
import type { CurlOptions } from "./options.ts";
import { createOutput } from "./output.ts";
import { createRemarks, type Remarks } from "./remarks.ts";
import { createRequest } from "./request.ts";
import { createRetry } from "./retry.ts";
import { createRoute, type Route } from "./route.ts";
import { print, Sink } from "./sink.ts";
import type { Word } from "./spelling.ts";
import { toTarget } from "./target.ts";
import { formatWriteOut } from "./write-out.ts";

/** What the command line asks for. */
export type Call = {
  where: string;
  options: CurlOptions;
  config: Config;
  agent: string;
  /** The command line itself. */
  words: readonly Word[];
};

/** One call, from the command line to its exit code. */
export async function runCurl(call: Call): Promise<void> {
  const { options } = call;
  const remarks = createRemarks(options);
  try {
    await perform(call, remarks);
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    complain(error, call, remarks);
    throw new ExitError(error.exitCode);
  } finally {
    remarks.close();
  }
}

/** `-s` silences what went wrong, but not what makes no sense. */
function complain(error: ExitError, { options }: Call, remarks: Remarks): void {
  const isSilent = error instanceof CurlError && options.silent && !options.showError;
  if (error.message !== "" && !isSilent) remarks.say(`${error.message}\n`);
}

async function perform(call: Call, remarks: Remarks): Promise<void> {
  const { config, options } = call;
  // Loaded when asked for: a WebSocket library, and what few will print.
  if (options.ws) return (await import("./session.ts")).runSession(call, remarks);
  const route = await createRoute(config, options.relay);
  try {
    if (options.printCurl) await printCurl(call, route);
    else await transferAll(call, route, remarks);
  } finally {
    await route.close();
  }
}

async function printCurl(call: Call, route: Route): Promise<void> {
  const { equivalent } = await import("./equivalent.ts");
  await print(`${await equivalent(call, route)}\n`);
}

/** The call with all its tries; then what `-w` says of the last one. */
async function transferAll(call: Call, route: Route, remarks: Remarks): Promise<void> {
  const { options, agent } = call;
  const target = toTarget(call.where, route.bases);
  const caller = { host: new URL(route.bases[0].origin).host, agent };
  const request = await createRequest(options, target, caller);
  const output = createOutput(options, target);
  const dump = options.dumpHeader ? new Sink(options.dumpHeader) : undefined;
  const connections = options.writeOut ? watchConnections() : undefined;
  const retry = createRetry(options, request);

  let journey = await follow({ options, route, request, caller, output, dump, remarks });
  for (let wait = retry(journey.transfer); wait; wait = retry(journey.transfer)) {
    if (journey.transfer.error) complain(journey.transfer.error, call, remarks);
    remarks.warn(wait.remark);
    await output.restart();
    await sleep(wait.seconds * 1000);
    journey = await follow({ options, route, request, caller, output, dump, remarks });
  }

  await output.close();
  await dump?.close();
  if (options.writeOut && connections) {
    const { path } = output;
    const report = { ...journey, path, agent, connection: connections.stop() };
    await print(formatWriteOut(await readFormat(options.writeOut), report, remarks.say));
  }
  if (journey.transfer.error) throw journey.transfer.error;
}

async function readFormat(text: string): Promise<string> {
  return text.startsWith("@") ? String(await readInput(text.slice(1))) : text;
}
