import { accessSync, constants, existsSync, statSync } from "node:fs";
import { exposureOf } from "./exposure.ts";
import { isLoopback, pointsAt } from "./loopback.ts";
import type { Config } from "./settings.ts";
import { printable } from "./shown.ts";
import { tokenComplaints } from "./token-rules.ts";

type Path =
  | (typeof tapes)[number]
  | "host"
  | "tokens"
  | "upstream"
  | "keys"
  | (typeof files)[number];
type Complaint = [path: Path, what: string];

const files = [
  "keyFile",
  "adminKeyFile",
  "envFile",
  "ca",
  "tlsCert",
  "tlsKey",
  "mockScript",
] as const;
const tapes = ["record", "replay", "tape"] as const;
const secretFiles: readonly Path[] = ["keyFile", "adminKeyFile"];

/** What cannot be seen on one setting alone: the first word of each complaint is the setting's. */
export function complaintsAbout(config: Config, env: NodeJS.ProcessEnv): Complaint[] {
  const { host, port, upstream, mock, insecureUpstream } = config;
  const complaints: Complaint[] = tokenComplaints(config, env);
  const complain = (path: Path, what: string) => complaints.push([path, what]);

  const { protocol, hostname } = new URL(upstream);
  if (mock) {
    // Nobody is asked.
  } else if (config.socket === "" && pointsAt(upstream, host, port)) {
    complain("upstream", "that is this relay itself. Name the server behind it, or another port.");
  } else if (protocol === "http:" && !isLoopback(hostname) && !insecureUpstream) {
    complain(
      "upstream",
      "the key would travel unencrypted. Use https://, or set insecureUpstream if that network is yours.",
    );
  }
  if (config.tlsKey !== "" && config.tlsCert === "")
    complain("tlsKey", "it needs a certificate. Set tlsCert too.");
  const [mode, other] = tapes.filter((name) => config[name] !== "");
  if (mode && other) complain(other, `that cannot be together with ${mode}. Choose one of them.`);
  if (config.replay !== "" && !existsSync(config.replay))
    complain("replay", "there is no such folder. Record it first, with record or tape.");
  for (const path of files) {
    const fault = faultOf(config[path], secretFiles.includes(path));
    if (fault) complain(path, fault);
  }
  for (const { name, file = "" } of config.keys) {
    const fault = faultOf(file, true);
    if (fault) complain("keys", `the file of "${name}": ${fault}`);
  }
  return complaints;
}

/** What keeps a file from being used; `isSecret`: others must not read it. */
export function faultOf(file: string, isSecret: boolean): string | undefined {
  if (file === "" || file === "-") return undefined;
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) return "that is a folder, not a file.";
    accessSync(file, constants.R_OK);
    if (isSecret && exposureOf(file) === "open")
      return `others on this machine may read it. Run: chmod 600 ${printable(file)}`;
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "there is no such file." : `it cannot be read (${code}).`;
  }
}
