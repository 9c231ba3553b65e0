import { join } from "node:path";
import { stateFolder } from "../config/folders.ts";

/** Where the certificates of `relay tls` are. */
export type MadeFiles = {
  folder: string;
  /** The certificate authority, for clients that add it to those they trust. */
  ca: string;
  /** The same after all others that this machine trusts, for clients that take a whole list. */
  bundle: string;
  /** The relay's certificate and its key. */
  server: string;
};

export function madeFiles(env: NodeJS.ProcessEnv): MadeFiles {
  const folder = join(stateFolder(env), "tls");
  const at = (name: string) => join(folder, name);
  return { folder, ca: at("ca.pem"), bundle: at("ca-bundle.pem"), server: at("server.pem") };
}
