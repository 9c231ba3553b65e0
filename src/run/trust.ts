import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/settings.ts";
import { madeFiles } from "../tls/files.ts";

type Env = NodeJS.ProcessEnv;

/** The variables that make clients trust the relay's certificate, and what removes their files. */
export type Trust = { env: Env; remove(): void };

/** What clients trust already stays trusted: both are put into one file. */
export function provideTrust({ tlsCert }: Config, env: Env): Trust {
  const isMade = tlsCert === "";
  const made = madeFiles(env);
  const added = certificatesIn(isMade ? made.ca : tlsCert);
  let folder: string | undefined;

  function extend(name: string, usual: string | undefined): Env {
    const before = certificatesIn(env[name]);
    if (before === "" && usual !== undefined) return { [name]: usual };
    if (before.includes(added)) return {};
    folder ??= mkdtempSync(join(tmpdir(), "openai-relay-run-"));
    const file = join(folder, `${name}.pem`);
    writeFileSync(file, before + added, { mode: 0o600 });
    return { [name]: file };
  }

  const node = extend("NODE_EXTRA_CA_CERTS", isMade ? made.ca : undefined);
  // This one replaces the list of the system: a single certificate would be all that is trusted.
  const hasList = isMade || Boolean(env.SSL_CERT_FILE);
  const others = hasList ? extend("SSL_CERT_FILE", isMade ? made.bundle : undefined) : {};
  return {
    env: { ...node, ...others },
    remove: () => folder && rmSync(folder, { recursive: true, force: true }),
  };
}

/** The certificates alone: there may be a key in the same file. Empty when it cannot be read. */
function certificatesIn(file: string | undefined): string {
  if (!file) return "";
  try {
    const text = readFileSync(file, "utf8");
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    return found.map((pem) => `${pem}\n`).join("");
  } catch {
    return "";
  }
}
