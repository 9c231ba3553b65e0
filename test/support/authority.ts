import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createFolder } from "./folder.ts";

type Wish = {
  /** As in a subjectAltName. */
  name?: string;
  /** Until it expires; below zero it has. */
  days?: number;
};

export type Authority = Disposable & {
  /** Its own certificate, PEM. */
  file: string;
  issue(wish?: Wish): { key: string; cert: string };
};

/** A certificate authority that nobody trusts yet; `name` is what certificates say of it. */
export function createAuthority(name = "Test Authority"): Authority {
  const folder = createFolder();
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder.path, stdio: ["ignore", "pipe", "ignore"] });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const ca = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", `/O=${name}/CN=Root`];
  openssl("req", "-x509", ...newKey, ...ca, "-days", "30");

  return {
    file: folder.at("ca.pem"),
    issue({ name = "IP:127.0.0.1", days = 20 } = {}) {
      folder.write("names", `subjectAltName=${name}\n`);
      openssl("req", ...newKey, "-keyout", "key", "-out", "request", "-subj", "/CN=server");
      const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-days", `${days}`, "-extfile", "names"];
      const cert = openssl("x509", "-req", "-in", "request", ...signed);
      return { key: readFileSync(folder.at("key"), "utf8"), cert: cert.toString() };
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
