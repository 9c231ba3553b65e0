import { startLargeUpstream } from "./large.ts";
import { type SoakRelay, startRelay } from "./relay.ts";
import { download, sip, upload } from "./transfers.ts";

const large = 2 ** 30;
const long = 200 * 2 ** 20;

/** What memory may grow by, in MiB; a little less than 64 and 32 million bytes. */
const bounds = { large: 61, long: 30.5 };

type Transfer = {
  name: string;
  bound: number;
  /** Whether it arrived whole. `note` takes down the most memory so far, where that is not to be the end. */
  run(relay: SoakRelay, note: () => void): Promise<boolean>;
};

/** Whether memory stays small however large a body is or slow its reader; prints what there was. */
export async function testSizes(minutes: number): Promise<boolean> {
  await using upstream = await startLargeUpstream();
  const transfers: Transfer[] = [
    {
      name: "1 GiB up, its length known",
      bound: bounds.large,
      run: ({ port }) => upload(port, large, true),
    },
    {
      name: "1 GiB up, chunked",
      bound: bounds.large,
      run: ({ port }) => upload(port, large, false),
    },
    { name: "1 GiB down", bound: bounds.large, run: ({ port }) => download(port, large) },
    {
      name: `200 MiB to a reader of 10 kB/s, for ${minutes} minutes`,
      bound: bounds.long,
      run: ({ port }, note) =>
        sip(port, long, minutes, (sipped) => {
          note();
          console.log(`      ${sipped} bytes read, ${upstream.given} taken from upstream`);
        }),
    },
  ];
  const results: boolean[] = [];
  for (const transfer of transfers) results.push(await measure(transfer, upstream.port));
  return results.every(Boolean);
}

async function measure({ name, bound, run }: Transfer, upstreamPort: number): Promise<boolean> {
  await using relay = await startRelay(upstreamPort);
  // What is loaded for the first request does not count.
  await download(relay.port, 1);
  const before = relay.rssMiB();
  const startedAt = performance.now();
  let peak: number | undefined;
  const isWhole = await run(relay, () => {
    peak = relay.peakMiB();
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const growth = (peak ?? relay.peakMiB()) - before;

  const isGood = isWhole && growth < bound;
  const end = `${isWhole ? "whole" : "NOT WHOLE"} after ${seconds.toFixed(1)} s`;
  const memory = `${before.toFixed(1)} MiB, at most ${growth.toFixed(1)} more (bound ${bound})`;
  console.log(`${isGood ? "ok   " : "FAULT"} ${name}: ${end}; ${memory}`);
  return isGood;
}
