import { type Base, joinTarget } from "../forward/url.ts";
import { CurlError } from "./failure.ts";
import { startMeter, wantsMeter } from "./meter.ts";
import type { CurlOptions } from "./options.ts";
import { renameOutput } from "./output.ts";
import { optionsAfter, redirectOf, targetWithin } from "./redirect.ts";
import type { Remarks } from "./remarks.ts";
import { type Caller, createRequest, type Request, toExchange } from "./request.ts";
import { describeRequest, type Route } from "./route.ts";
import type { Sink } from "./sink.ts";
import { Transfer } from "./transfer.ts";

/** All that a try needs. */
export type Trip = {
  options: CurlOptions;
  route: Route;
  request: Request;
  caller: Caller;
  output: Sink;
  dump: Sink | undefined;
  remarks: Remarks;
};

/** A try with the redirects that were followed: the last transfer, and the way there. */
export type Journey = {
  transfer: Transfer;
  firstUrl: string;
  url: string;
  /** Where the answer says to go on. */
  redirectUrl: string | undefined;
  redirects: number;
  /** Bytes of all heads that came. */
  headBytes: number;
  /** On the clock of `performance.now()`. */
  startedAt: number;
};

type Hop = { transfer: Transfer; redirectUrl: string | undefined; next: string | undefined };

/** Makes a request, and with `-L` those that its answers redirect to. */
export async function follow(trip: Trip): Promise<Journey> {
  const { route, caller } = trip;
  let { options, request } = trip;
  const { maxRedirs = 50, maxTime } = options;
  const startedAt = performance.now();
  const until = maxTime ? startedAt + maxTime * 1000 : Number.POSITIVE_INFINITY;
  const firstUrl = urlOf(request, route.bases);
  let headBytes = 0;

  for (let redirects = 0; ; redirects++) {
    const url = urlOf(request, route.bases);
    const { transfer, redirectUrl, next } = await hop({ ...trip, options, request }, url, until);
    headBytes += transfer.headBytes;
    const journey = { transfer, firstUrl, url, redirectUrl, redirects, headBytes, startedAt };
    if (next === undefined || transfer.error) return journey;
    if (redirects === maxRedirs) {
      transfer.error = new CurlError(47, `Maximum (${maxRedirs}) redirects followed`);
      return journey;
    }
    options = optionsAfter(transfer.status, options);
    request = await createRequest(options, next, caller);
  }
}

async function hop(trip: Trip, url: string, until: number): Promise<Hop> {
  const { options, route, request, output, dump, remarks } = trip;
  let redirectUrl: string | undefined;
  let next: string | undefined;
  const transfer = new Transfer(toExchange(request), {
    ...{ options, output, dump, until, say: remarks.say },
    wants(status, headers) {
      redirectUrl = redirectOf(status, headers, url);
      next = options.location && redirectUrl ? targetWithin(redirectUrl, route.bases) : undefined;
      if (next !== undefined) return false;
      renameOutput(output, headers, options);
      return true;
    },
  });

  if (options.verbose) remarks.say(describeRequest(route, transfer.exchange));
  const look = () => transfer.progress;
  const meter = wantsMeter(options, output.path) && startMeter(options, look, remarks.say);
  await transfer.run(route.answer);
  if (meter) meter.stop();
  if (options.location && redirectUrl && next === undefined)
    remarks.warn(`not followed, the key stays with the upstream: ${redirectUrl}`);
  return { transfer, redirectUrl, next };
}

function urlOf({ target }: Request, [base]: [Base, ...Base[]]): string {
  return base.origin + joinTarget(base, target);
}
