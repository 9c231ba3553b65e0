import type { CurlOptions } from "../curl/options.ts";
import { Sink } from "../curl/sink.ts";
import { Transfer } from "../curl/transfer.ts";
import type { Recorded } from "./recorded.ts";
import type { Way } from "./way.ts";

/** Sends a request again, and prints the answer while it comes, unpacked; throws curl's errors. */
export async function printAnswer(
  way: Way,
  request: Recorded,
  options: CurlOptions,
): Promise<void> {
  const output = new Sink("-");
  const transfer = new Transfer(way.toExchange(request), {
    ...{ options: { ...options, compressed: true }, output, dump: undefined },
    until: Number.POSITIVE_INFINITY,
    say: (text) => void process.stderr.write(text),
    wants: () => true,
  });
  await transfer.run(way.answer);
  await output.close();
  if (transfer.error) throw transfer.error;
}
