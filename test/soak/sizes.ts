import { startLargeUpstream } from "./large.ts";
import { startRelay } from "./relay.ts";
import { download, sip, upload } from "./transfers.ts";

const large = 2 ** 30;
const long = 200 * 2 ** 20;

/** What memory may grow by, in MiB; a little less than 64 and 32 million bytes. */
const bounds = { large: 61, long: 30.5 };

/** Whether memory stays small however large a body is or slow its reader; prints what there was. */
export async function testSizes(minutes: number): Promise<boolean> {
  await using upstream = await startLargeUpstream();
  const tellSipped = (sipped: number) => {
    console.log(`${minutes} min: ${sipped} bytes read, ${upstream.given} taken from upstream`);
  };
  const transfers: [string, number, (port: number) => Promise<boolean>][] = [
    ["1 GiB up, its length known", bounds.large, (port) => upload(port, large, true)],
    ["1 GiB up, chunked", bounds.large, (port) => upload(port, large, false)],
    ["1 GiB down", bounds.large, (port) => download(port, large)],
    [
      "200 MiB at 10 kB/s, then the rest",
      bounds.long,
      (port) => sip(port, long, minutes, tellSipped),
    ],
  ];
  const results: boolean[] = [];
  for (const [name, bound, transfer] of transfers) {
    await using relay = await startRelay(upstream.port);
    // What is loaded for the first request does not count.
    await download(relay.port, 1);
    const before = relay.rssMiB();
    const startedAt = performance.now();
    const isWhole = await transfer(relay.port);
    const seconds = (performance.now() - startedAt) / 1_000;
    const growth = relay.peakMiB() - before;

    const isGood = isWhole && growth < bound;
    const memory = `${before.toFixed(1)} MiB, at most ${growth.toFixed(1)} more (bound ${bound})`;
    const end = `${isWhole ? "whole" : "NOT WHOLE"} after ${seconds.toFixed(1)} s`;
    console.log(`${isGood ? "ok   " : "FAULT"} ${name}: ${end}; ${memory}`);
    results.push(isGood);
  }
  return results.every(Boolean);
}
