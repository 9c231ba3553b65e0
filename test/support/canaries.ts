import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One secret of every kind, each unlike the others in all that is searched for. */
export const canaries = {
  key: 'sk-proj-KcAn7q2Xw9Lm4Zt8Rv1Yb6Nd3/+"K5',
  admin: "sk-admin-AcAn5r8Pz2Qs7Wd1Fg4Hj9Kl3",
  file: "sk-FcAn3m6Bv9Xc2Zl5Qw8Er1Ty4",
  command: "sk-svcacct-CcAn1p4Sd7Fg2Hj5Kl8Zx3Cv6",
  dotenv: "sk-DcAn8u1Io4Pa7Sd2Fg5Hj9Kz6",
  rule: "sk-RcAn2w5Er8Ty1Ui4Op7As3Df6",
  keychain: "sk-HcAn6b9Nm2Qa5Ws8Ed1Rf4Tg7",
  token: "TcAn4k7Lz1Xc3Vb6Nm9Qw2Er5",
  plainToken: "purple-canary-umbrella-plain",
  stored: "relay_ScAn9y2Uj5Ik8Ol1Pm4Nh7Bg3Vf6Cd9Xs2Za5Qw8ErT",
  client: "sk-client-LcAn7t1Gb4Yh8Nu2Jm5Ik9Ol3",
  ephemeral: "ek_EcAn5v8Cf2Xd7Zs1Aq4Sw9De3Fr6",
};

export type Canary = keyof typeof canaries;

/** Where something was written, and what. */
export type Artefact = { where: string; text: string };

/** Which secrets stand in which artefacts, in whatever form. */
export function leaksIn(artefacts: readonly Artefact[], secrets = canaries): string[] {
  const leaks: string[] = [];
  for (const [name, secret] of Object.entries(secrets))
    for (const [form, text] of formsOf(secret))
      for (const artefact of artefacts) {
        const at = artefact.text.indexOf(text);
        const around = artefact.text.slice(Math.max(0, at - 80), at + 80);
        if (at >= 0) leaks.push(`${name} (${form}) in ${artefact.where}: ${around}`);
      }
  return leaks;
}

/** A secret, and its two halves, as programs write texts. */
function formsOf(secret: string): [string, string][] {
  const half = Math.ceil(secret.length / 2);
  // The beginning (`sk-proj-`) tells nothing, and the end alone is what may be told.
  const parts = [secret.slice(Math.min(11, half - 8), half + 2), secret.slice(half - 3, -4)];
  return parts.flatMap((part): [string, string][] => [
    ["plain", part],
    ["JSON", JSON.stringify(part).slice(1, -1)],
    ["JSON in JSON", JSON.stringify(JSON.stringify(part)).slice(3, -3)],
    ["URL", encodeURIComponent(part)],
    ["URL, all of it", escaped(part, "%")],
    ["URL, in lower case", escaped(part, "%").toLowerCase()],
    ["JSON, all of it", escaped(part, "\\u00")],
    ["hex", Buffer.from(part).toString("hex")],
    ...[0, 1, 2].flatMap((shift): [string, string][] => [
      ["base64", inBase64(part, shift, "base64")],
      ["base64url", inBase64(part, shift, "base64url")],
    ]),
  ]);
}

function escaped(text: string, mark: string): string {
  const codes = [...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, "0"));
  return codes.map((code) => mark + code.toUpperCase()).join("");
}

/** What of it does not depend on what stands around it, `shift` bytes into a group of three. */
function inBase64(text: string, shift: number, encoding: "base64" | "base64url"): string {
  const bytes = Buffer.from("\0".repeat(shift) + text);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
  return whole.toString(encoding).slice(shift === 0 ? 0 : 4);
}

/** Every file below a folder, names of folders and files too. */
export function filesBelow(folder: string): Artefact[] {
  const entries = existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
    : [];
  return entries.flatMap((entry) => {
    const where = join(entry.parentPath, entry.name);
    const text = entry.isFile() ? readFileSync(where, "latin1") : "";
    return { where, text: `${where}\n${text}` };
  });
}

/** A shell script that keeps what the system tells others about its process, then does `rest`. */
export function tellingScript(file: string, rest: string): string {
  return `#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ >> '${file}'\n${rest}\n`;
}
