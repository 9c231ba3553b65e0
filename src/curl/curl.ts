import type { Config } from "../config/settings.ts";
import { ExitError } from "../exit.ts";
import { joinTarget } from "../forward/url.ts";
import { CurlError } from "./failure.ts";
import { readInput } from "./input.ts";
import type { CurlOptions } from "./options.ts";
import { writeFailed } from "./print.ts";
import { createExchange } from "./request.ts";
import { createRoute, describeRequest } from "./route.ts";
import { toTarget } from "./target.ts";
import { Transfer } from "./transfer.ts";
import { formatWriteOut } from "./write-out.ts";

type Call = { where: string; options: CurlOptions; config: Config; agent: string };

/** One call, from the command line to its exit code. */
export async function runCurl({ where, options, config, agent }: Call): Promise<void> {
  const route = await createRoute(config, options.relay);
  try {
    const [base] = route.bases;
    const host = new URL(base.origin).host;
    const target = toTarget(where, route.bases);
    const exchange = await createExchange(options, target, { host, agent });
    const url = base.origin + joinTarget(base, exchange.target);
    const transfer = new Transfer(exchange, url, options, outputOf(options, target));

    if (options.verbose) process.stderr.write(describeRequest(route, exchange));
    if (options.verbose && options.location) process.stderr.write(noRedirects);
    await transfer.run(route.answer);
    if (options.writeOut) await writeOut(options.writeOut, transfer);
    if (transfer.error) throw transfer.error;
  } catch (error) {
    const isSilent = options.silent && !options.showError;
    throw error instanceof CurlError && isSilent ? new ExitError(error.exitCode) : error;
  } finally {
    await route.close();
  }
}

const noRedirects = "* -L: redirects are shown, not followed; the key stays with the upstream\n";

function outputOf({ output, remoteName }: CurlOptions, target: string): string {
  if (!remoteName) return output ?? "-";
  const name = /([^/?]*)(?:\?|$)/.exec(target)?.[1];
  if (!name) throw new CurlError(23, "-O: the URL does not end in a name for the file");
  return name;
}

/** After the body, as curl does. */
async function writeOut(format: string, transfer: Transfer): Promise<void> {
  const text = format.startsWith("@") ? String(await readInput(format.slice(1))) : format;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  process.stdout.write(formatWriteOut(text, transfer), (cause) => {
    if (cause) reject(writeFailed("-", cause));
    else resolve();
  });
  await promise;
}
