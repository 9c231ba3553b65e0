import {
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectKeyIdentifier,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";

/** Who a certificate is about, or who signs it. */
export type Party = { name: string; publicKey: KeyObject; privateKey: KeyObject };

const commonName = "2.5.4.3";
/** RFC 5758 section 3.2. */
const ecdsaWithSha256 = new AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" });

/** A new P-256 key: the one curve that every TLS client knows. */
export function createParty(name: string): Party {
  return { name, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
}

/** Makes a certificate about `subject`, in PEM form. */
export function certify(
  subject: Party,
  issuer: Party,
  validity: { notBefore: Date; notAfter: Date },
  extensions: Extension[],
): string {
  const subjectId = new SubjectKeyIdentifier(keyIdOf(subject));
  const issuerId = new AuthorityKeyIdentifier({ keyIdentifier: new OctetString(keyIdOf(issuer)) });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: ecdsaWithSha256,
    issuer: toName(issuer.name),
    validity: new Validity(validity),
    subject: toName(subject.name),
    subjectPublicKeyInfo: AsnConvert.parse(toDer(subject), SubjectPublicKeyInfo),
    extensions: new Extensions([
      ...extensions,
      extension(id_ce_subjectKeyIdentifier, subjectId),
      extension(id_ce_authorityKeyIdentifier, issuerId),
    ]),
  });
  const signed = new Uint8Array(AsnConvert.serialize(tbsCertificate));
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: ecdsaWithSha256,
    signatureValue: toArrayBuffer(sign("sha256", signed, issuer.privateKey)),
  });
  return new X509Certificate(new Uint8Array(AsnConvert.serialize(certificate))).toString();
}

export function extension(id: string, value: object, critical = false): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID: id, critical, extnValue });
}

function toName(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  const part = new AttributeTypeAndValue({ type: commonName, value });
  return new Name([new RelativeDistinguishedName([part])]);
}

/** Any unique value will do (RFC 7093 section 2). */
function keyIdOf(party: Party): Buffer {
  return hash("sha256", toDer(party), "buffer").subarray(0, 20);
}

/** 128 bits, positive and in their shortest form. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | (bytes[0]! & 0x3f);
  return toArrayBuffer(bytes);
}

function toDer({ publicKey }: Party): Buffer {
  return publicKey.export({ type: "spki", format: "der" });
}

/** A copy: `bytes.buffer` can be the pool that small Buffers are cut from. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
