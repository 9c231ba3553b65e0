import { readFileSync } from "node:fs";
import { connect, type DetailedPeerCertificate, getCACertificates, type TLSSocket } from "node:tls";
import type { Config } from "../config/settings.ts";
import { createConnector } from "../upstream/connect.ts";

/** What a server showed, whether or not anybody trusts it. */
export type Shown = { by: string; from: Date; until: Date; names: string };

/** Products that open TLS on its way, by what they write into certificates. */
const products =
  /zscaler|netskope|palo ?alto|forti(?:net|gate)|blue ?coat|umbrella|sophos|check ?point|mcafee|skyhigh|trellix|barracuda|watchguard|sonicwall|cato networks|iboss|kaspersky|avast|avg|eset|bitdefender|norton|mitmproxy|charles|fiddler|portswigger|http toolkit|proxyman/i;

/** The product that made a certificate, as far as its issuer's name tells. */
export function interceptorOf({ by }: Shown): string | undefined {
  return products.test(by) ? by : undefined;
}

export function toShown(certificate: DetailedPeerCertificate): Shown {
  const { issuer, valid_from, valid_to, subjectaltname, subject } = certificate;
  const names = [issuer.O, issuer.CN].flat().filter(Boolean);
  return {
    by: names[0] ?? "an authority without a name",
    from: new Date(valid_from),
    until: new Date(valid_to),
    names: (subjectaltname ?? [subject.CN].flat().join(", ")).replace(/\b(?:DNS|IP Address):/g, ""),
  };
}

/** Looks at the certificate that the upstream shows without trusting it; sends nothing. */
export async function lookAtCertificate(
  config: Config,
  { host, hostname, port }: URL,
): Promise<Shown | undefined> {
  const { promise, resolve } = Promise.withResolvers<Shown | undefined>();
  const name = hostname.replace(/^\[|\]$/g, "");
  // As if there were no TLS, so that the connector leaves the handshake to us.
  const target = { host, hostname, port: port || "443", protocol: "http:" };
  createConnector(config)(target, (cause, socket) => {
    if (cause || !socket) return resolve(undefined);
    const servername = /^[\d.]+$|:/.test(name) ? "" : name;
    const secure = connect({ socket, servername, rejectUnauthorized: false }, () => {
      const certificate = secure.getPeerCertificate(true);
      resolve(certificate?.issuer ? toShown(certificate) : undefined);
      socket.destroy();
    });
    secure.on("error", () => resolve(undefined));
    secure.setTimeout(config.timeouts.connect, () => socket.destroy());
    socket.on("close", () => resolve(undefined));
  });
  return promise;
}

/** Who says that the chain may be trusted; `undefined`: the public authorities that Node knows. */
export function trustedBy(socket: TLSSocket, config: Config): string | undefined {
  let root = socket.getPeerCertificate(true);
  while (root.issuerCertificate && root.issuerCertificate !== root) root = root.issuerCertificate;
  const wanted = root.raw.toString("base64");
  const among = (list: string[]) => list.some((pem) => bodiesOf(pem).includes(wanted));
  if (among(getCACertificates("bundled"))) return undefined;
  if (config.ca && among([readFileSync(config.ca, "utf8")])) return "the setting ca";
  if (among(getCACertificates("extra"))) return "NODE_EXTRA_CA_CERTS";
  const { SSL_CERT_FILE } = process.env;
  if (SSL_CERT_FILE && among([readFileSync(SSL_CERT_FILE, "utf8")])) return "SSL_CERT_FILE";
  return "the system";
}

/** The certificates of a PEM text, each in one line of base64. */
function bodiesOf(pem: string): string[] {
  return pem
    .split(/-----(?:BEGIN|END) CERTIFICATE-----/)
    .map((part) => part.replace(/\s/g, ""))
    .filter(Boolean);
}
