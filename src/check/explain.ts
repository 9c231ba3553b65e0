import { causeCode } from "../client/cause.ts";
import type { RelayError } from "../errors.ts";
import { interceptorOf, type Shown } from "./certificate.ts";
import { CheckFailure } from "./step.ts";

/** What went wrong, behind the name of where it did, and what to do about it. */
type Explanation = [what: string, hint: string];

const checkNetwork = "Check the network connection, the VPN and the firewall.";
const checkPort = "Check the port; a server without TLS wants http://.";
const needsProxy = "A firewall may drop the packets: is there a proxy for HTTPS_PROXY?";

const dns: Record<string, Explanation> = {
  ENOTFOUND: [
    "is not known to the DNS",
    "Check its spelling, the VPN and this machine's DNS server.",
  ],
  EAI_AGAIN: ["could not be looked up: no DNS server answers", checkNetwork],
};

const tcp: Record<string, Explanation> = {
  ECONNREFUSED: [
    "refuses connections",
    "Nothing listens there: check the port, or start the server.",
  ],
  EHOSTUNREACH: ["cannot be reached", checkNetwork],
  ENETUNREACH: ["cannot be reached", checkNetwork],
  ETIMEDOUT: ["does not answer", needsProxy],
};

const tls: Record<string, Explanation> = {
  UND_ERR_CONNECT_TIMEOUT: [
    "does not finish the handshake",
    "A firewall may swallow it, or the server hangs; timeouts.connect and --timeout wait longer.",
  ],
  EPROTO: ["does not speak TLS as it should", checkPort],
  ERR_SSL_WRONG_VERSION_NUMBER: ["does not speak TLS", checkPort],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ["does not speak TLS", checkPort],
  ECONNRESET: [
    "closes the connection during the handshake",
    "A firewall may stand between: is there a proxy for HTTPS_PROXY?",
  ],
};

const untrusted = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export function explainDns(cause: unknown, host: string): CheckFailure {
  return explain(6, dns, causeCode(cause), host);
}

export function explainTcp(cause: unknown, address: string): CheckFailure {
  return explain(7, tcp, causeCode(cause), address);
}

/** The same, where it is the proxy that cannot be reached. */
export function blameProxy({ exitCode, message }: CheckFailure): CheckFailure {
  const hint =
    "Is that proxy the right one, and does it run? NO_PROXY or --proxy off do without it.";
  return new CheckFailure(exitCode, message, hint);
}

/** `shown`: the certificate, as far as one could be seen. */
export function explainTls(cause: unknown, host: string, shown?: Shown): CheckFailure {
  const code = causeCode(cause);
  const about = shown && aboutCertificate(code, shown);
  const table = about ? { [code]: about } : { ...tcp, ...tls };
  return explain(7, table, code, host);
}

/** What a proxy said instead of leading to the upstream. */
export function explainProxy({ message }: RelayError, host: string): CheckFailure {
  const [, status] = /answered (\d{3})/.exec(message) ?? [];
  if (status === "407") {
    const hint = "Put them into the proxy's URL: HTTPS_PROXY=http://user:password@proxy:3128";
    return new CheckFailure(7, `${message.replace(/\.$/, "")}: it wants user and password`, hint);
  }
  const hint =
    status === "403"
      ? `Ask those who run the proxy to let ${host} through.`
      : "Check HTTPS_PROXY and that proxy; NO_PROXY or --proxy off do without it.";
  return new CheckFailure(7, message, hint);
}

function aboutCertificate(code: string, shown: Shown): Explanation | undefined {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const clock = `Check this machine's clock (it says ${day(new Date())})`;
  if (code === "CERT_HAS_EXPIRED") {
    const hint = `${clock}; if it is right, the server needs a new certificate.`;
    return [`shows a certificate that has expired on ${day(shown.until)}`, hint];
  }
  if (code === "CERT_NOT_YET_VALID") {
    const hint = `${clock}; if it is right, wait until then.`;
    return [`shows a certificate that is not valid before ${day(shown.from)}`, hint];
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const hint = "Check the host in upstream: it must be a name that the certificate is for.";
    return [`shows a certificate for another name: ${shown.names.slice(0, 80)}`, hint];
  }
  if (code === "DEPTH_ZERO_SELF_SIGNED_CERT") {
    const hint = "If the server is yours, name the certificate's PEM file with --ca.";
    return ["shows a certificate that it signed itself", hint];
  }
  if (!untrusted.has(code)) return undefined;
  const opener = interceptorOf(shown);
  const hint = opener
    ? `${opener} opens this network's connections: get its root certificate from those who run it, and name the PEM file with --ca or NODE_EXTRA_CA_CERTS.`
    : "If a company proxy or a server of your own made it, name that authority's PEM file with --ca or NODE_EXTRA_CA_CERTS.";
  return [`shows a certificate by ${shown.by}, an authority that is not trusted`, hint];
}

function explain(
  exitCode: number,
  table: Record<string, Explanation>,
  code: string,
  where: string,
): CheckFailure {
  const [what, hint] = table[code] ?? ["cannot be used", checkNetwork];
  return new CheckFailure(exitCode, `${where} ${what} (${code})`, hint);
}
