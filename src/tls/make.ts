import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraints,
  ExtendedKeyUsage,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
  SubjectAlternativeName,
} from "@peculiar/asn1-x509";
import { certify, createParty, extension } from "./certify.ts";

/** In PEM form. */
export type Made = { ca: string; cert: string; key: string };

const hourMs = 3_600_000;
/** Browsers and Apple's systems refuse server certificates of more than 397 days. */
const lifetimeMs = 396 * 24 * hourMs;

const critical = true;
const forServers = extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth]));

/**
 * Makes a certificate authority and a server certificate for `names` (hosts and addresses). The key of
 * the authority is gone when this returns, so that nobody can make a second certificate that the
 * authority's friends would accept; `names` are all that it could vouch for, besides.
 */
export function makeCertificates(names: string[], now = new Date()): Made {
  const authority = createParty(`openai-relay local CA ${randomBytes(4).toString("hex")}`);
  const server = createParty(names[0]!);
  // Clocks of containers and virtual machines go slow.
  const notBefore = new Date(now.getTime() - hourMs);
  const validity = { notBefore, notAfter: new Date(notBefore.getTime() + lifetimeMs) };

  const ca = certify(authority, authority, validity, [
    extension(
      id_ce_basicConstraints,
      new BasicConstraints({ cA: true, pathLenConstraint: 0 }),
      critical,
    ),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), critical),
    extension(id_ce_nameConstraints, only(names), critical),
    forServers,
  ]);
  const cert = certify(server, authority, validity, [
    extension(id_ce_basicConstraints, new BasicConstraints(), critical),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), critical),
    extension(id_ce_subjectAltName, new SubjectAlternativeName(names.map(toGeneralName))),
    forServers,
  ]);
  const key = server.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  return { ca, cert, key };
}

function only(names: string[]): NameConstraints {
  const bases = names.map((name) => {
    const prefix = { 0: "", 4: "/32", 6: "/128" }[isIP(name)];
    return new GeneralSubtree({ base: toGeneralName(name + prefix) });
  });
  return new NameConstraints({ permittedSubtrees: new GeneralSubtrees(bases) });
}

/** Of a host, an address or a range of addresses. */
function toGeneralName(name: string): GeneralName {
  const isAddress = isIP(name.split("/")[0]!) > 0;
  return new GeneralName(isAddress ? { iPAddress: name } : { dNSName: name });
}
