import { causeCode } from "../client/cause.ts";
import { CheckFailure } from "./step.ts";

/** What went wrong, behind the name of where it did, and what to do about it. */
type Explanation = [what: string, hint: string];

const checkNetwork = "Check the network connection, the VPN and the firewall.";
const trustIt =
  "If a company proxy or a server of your own issued it, name its PEM file with --ca or NODE_EXTRA_CA_CERTS.";
const untrusted: Explanation = ["shows a certificate of an authority that is not trusted", trustIt];
const checkClock =
  "Check this machine's clock; if it is right, the server needs a new certificate.";

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
  ETIMEDOUT: [
    "does not answer",
    "A firewall may drop the packets: is there a proxy for HTTPS_PROXY?",
  ],
};

const tls: Record<string, Explanation> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ["shows a certificate that it signed itself", trustIt],
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_HAS_EXPIRED: ["shows a certificate that has expired", checkClock],
  CERT_NOT_YET_VALID: ["shows a certificate that is not valid yet", checkClock],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "shows a certificate for another name",
    "Check the host in upstream: it must be a name that the certificate is for.",
  ],
  EPROTO: [
    "does not speak TLS as it should",
    "Check the port; a server without TLS wants http://.",
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: [
    "does not speak TLS",
    "Check the port; a server without TLS wants http://.",
  ],
  ECONNRESET: [
    "closes the connection during the handshake",
    "A firewall may stand between: is there a proxy for HTTPS_PROXY?",
  ],
};

export function explainDns(cause: unknown, host: string): CheckFailure {
  return explain(6, dns, cause, host);
}

export function explainTcp(cause: unknown, address: string): CheckFailure {
  return explain(7, tcp, cause, address);
}

export function explainTls(cause: unknown, host: string): CheckFailure {
  return explain(7, { ...tcp, ...tls }, cause, host);
}

function explain(
  exitCode: number,
  table: Record<string, Explanation>,
  cause: unknown,
  where: string,
): CheckFailure {
  const code = causeCode(cause);
  const [what, hint] = table[code] ?? ["cannot be used", checkNetwork];
  return new CheckFailure(exitCode, `${where} ${what} (${code})`, hint);
}
