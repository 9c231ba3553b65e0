import type { RelayUrl } from "../client/relay-url.ts";
import type { Config } from "../config/settings.ts";
import { openReader } from "../journal/reader.ts";
import { findCall } from "../show/captured.ts";
import { type Edit, withEdits } from "./edit.ts";
import { printAnswer } from "./print.ts";
import { readRequest } from "./recorded.ts";
import { findWay } from "./way.ts";

export type ReplayOptions = {
  file: string;
  id: string;
  config: Config;
  set: readonly Edit[];
  relay?: RelayUrl;
  dryRun?: true;
  include?: true;
  fail?: true;
};

/** Sends a call of the journal in `file` again, or says how that is done. */
export async function replayCall(options: ReplayOptions): Promise<void> {
  const { file, id, config, set, relay } = options;
  const reader = openReader(file);
  const call = findCall(reader, id);
  const request = await withEdits(readRequest(reader, call), set);
  reader.close();
  if (options.dryRun) {
    const { toCurlLine } = await import("./dry-run.ts");
    process.stdout.write(`${await toCurlLine(request, relay?.href ?? call.relay.url)}\n`);
    return;
  }
  const way = await findWay(call, relay, config);
  const { include, fail } = options;
  await printAnswer(way, request, { ...(include && { include }), ...(fail && { fail }) });
}
