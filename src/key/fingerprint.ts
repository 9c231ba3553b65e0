import { createHash } from "node:crypto";

/** What may be told of a key. */
export type Told = {
  /** Its beginning and its end, if that leaves enough untold: `sk-proj-…3fA9`. */
  form: string;
  /** `project key` */
  kind: string;
  /** The first eight digits of its SHA-256, by which to compare keys. */
  fingerprint: string;
};

const kinds: readonly [start: string, kind: string][] = [
  ["sk-proj-", "project key"],
  ["sk-svcacct-", "service account key"],
  ["sk-admin-", "admin key"],
  ["sk-", "user key"],
];

export function tellOf(key: string): Told {
  const [start = "", kind = "of an unknown kind"] =
    kinds.find(([start]) => key.startsWith(start)) ?? [];
  const end = key.length >= 20 ? key.slice(-4) : "";
  const fingerprint = createHash("sha256").update(key).digest("hex").slice(0, 8);
  return { form: `${start}…${end}`, kind, fingerprint };
}
