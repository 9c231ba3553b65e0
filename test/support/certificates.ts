import { makeCertificates } from "../../src/tls/make.ts";
import { createFolder, type Folder } from "./folder.ts";

export type Certificates = Disposable & {
  folder: Folder;
  /** For those who are to trust it. */
  ca: string;
  caFile: string;
  cert: string;
  key: string;
  /** Settings of a relay that serves with it. */
  settings: { tlsCert: string; tlsKey: string };
};

/** A certificate for the loopback names, as a user's own would be. */
export function createCertificates(now?: Date): Certificates {
  const { ca, cert, key } = makeCertificates(["localhost", "127.0.0.1", "::1"], now);
  const folder = createFolder({ "ca.pem": ca, "cert.pem": cert, "key.pem": key });
  return {
    folder,
    ca,
    cert,
    key,
    caFile: folder.at("ca.pem"),
    settings: { tlsCert: folder.at("cert.pem"), tlsKey: folder.at("key.pem") },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
