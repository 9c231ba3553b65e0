import { existsSync, readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import type { Config } from "../config/settings.ts";
import { madeFiles } from "../tls/files.ts";

/**
 * Whom to trust as a relay that runs elsewhere: those whom Node trusts, the authority that `relay tls`
 * made on this machine, and `ca`.
 */
export function trustForRelay({ ca }: Config, env: NodeJS.ProcessEnv = process.env): string[] {
  const files = [madeFiles(env).ca, ca].filter((file) => file !== "" && existsSync(file));
  return [...getCACertificates("default"), ...files.map((file) => readFileSync(file, "utf8"))];
}
