import { createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import type { MadeFiles } from "./files.ts";
import { toHost } from "./host.ts";
import type { Made } from "./make.ts";

export type Stored = { names: string[]; expires: Date };

/** What is there: `undefined` nothing, `"broken"` not what `writeMade` wrote. */
export function readStored({ ca, bundle, server }: MadeFiles): Stored | "broken" | undefined {
  if (!existsSync(server)) return undefined;
  try {
    const text = readFileSync(server, "utf8");
    const certificate = new X509Certificate(text);
    const authority = new X509Certificate(readFileSync(ca));
    const isWhole =
      certificate.checkPrivateKey(createPrivateKey(text)) &&
      certificate.verify(authority.publicKey) &&
      readFileSync(bundle, "utf8").endsWith(authority.toString());
    return isWhole ? toStored(certificate) : "broken";
  } catch {
    return "broken";
  }
}

/** Keeps the certificates for the user alone, and takes the place of those that were there. */
export function writeMade({ folder, ca, bundle, server }: MadeFiles, made: Made): Stored {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const trusted = [...getCACertificates("bundled"), ...getCACertificates("system"), made.ca];
  // Both lists hold most certificates, in lines of different length.
  write(bundle, [...new Set(trusted.map((pem) => `${new X509Certificate(pem)}`))].join(""));
  write(ca, made.ca);
  write(server, made.key + made.cert);
  return toStored(new X509Certificate(made.cert));
}

function toStored({ subjectAltName = "", validToDate }: X509Certificate): Stored {
  const names = subjectAltName.split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
  return { names: names.map((name) => toHost(name) ?? name), expires: validToDate };
}

function write(file: string, text: string): void {
  const next = `${file}.${randomUUID()}`;
  writeFileSync(next, text, { mode: 0o600, flag: "wx" });
  renameSync(next, file);
}
