import { Command } from "commander";
import { ConfigError } from "../config/error.ts";
import { ExitError } from "../exit.ts";
import { isDue } from "../tls/credentials.ts";
import { madeFiles } from "../tls/files.ts";
import { toHost } from "../tls/host.ts";
import { readStored, type Stored, writeMade } from "../tls/store.ts";

type Options = { host: string[]; force?: true; json?: true };

const loopback = ["localhost", "127.0.0.1", "::1"];

export const tls = new Command("tls")
  .description("Make a certificate, so that the relay serves https:// and wss:// on its port too")
  .option("--host <name>", "one more name or address of the relay", addHost, [])
  .option("--force", "replace a certificate that is still good")
  .option("--json", "print a JSON object instead of the variable to set")
  .addHelpText(
    "after",
    `
Clients trust it once the variable that this prints is set. "relay start" uses it by itself.

Examples:
  relay tls
  export "$(relay tls)"
  relay tls --host relay.lan --force`,
  )
  .action(async (options: Options) => {
    const files = madeFiles(process.env);
    const { made, names, expires } = await provide(options);
    const env = { NODE_EXTRA_CA_CERTS: files.ca, SSL_CERT_FILE: files.bundle };
    if (options.json) {
      const report = { made, names, expires, certificate: files.server, ca: files.ca, env };
      process.stdout.write(`${JSON.stringify(report)}\n`);
      return;
    }
    process.stderr.write(`
${made ? "Made" : "There is"} a certificate for ${names.join(", ")}, valid until ${toDay(expires)}.
${made ? "A relay that runs already takes it when it starts again.\n" : ""}
Node trusts it by the last line below. Python, curl, Go and Rust read SSL_CERT_FILE instead of the
list of the system, so that file holds the list too:

SSL_CERT_FILE=${env.SSL_CERT_FILE}

`);
    process.stdout.write(`NODE_EXTRA_CA_CERTS=${env.NODE_EXTRA_CA_CERTS}\n`);
  });

/** A certificate for the names that were asked for: the one that is there if it is good enough. */
async function provide({ host, force }: Options): Promise<Stored & { made: boolean }> {
  const files = madeFiles(process.env);
  const stored = force ? undefined : readStored(files);
  const again = '"relay tls --force" makes a new one.';
  if (stored === "broken")
    throw new ConfigError(`The certificate in ${files.folder} is incomplete or altered. ${again}`);

  const known = stored?.names ?? loopback;
  const missing = host.filter((name) => !known.includes(name));
  if (!stored || isDue(stored.expires)) {
    const names = [...new Set([...known, ...host])];
    // Not even for the help of all commands.
    const { makeCertificates } = await import("../tls/make.ts");
    return { made: true, ...writeMade(files, makeCertificates(names)) };
  }
  if (missing.length > 0)
    throw new ExitError(1, `The certificate is not for ${missing.join(", ")}. ${again}`);
  return { made: false, ...stored };
}

function addHost(text: string, hosts: string[]): string[] {
  const host = toHost(text);
  if (host !== undefined) return [...hosts, host];
  throw new ExitError(2, `--host ${text}: give a host name or an address, without port`);
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
