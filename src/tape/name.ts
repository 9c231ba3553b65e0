import { hash } from "node:crypto";

/** What the name of a tape's file says. */
export type Named = {
  /** With its ending. */
  name: string;
  /** The beginning of the request's digest. */
  digest: string;
  /** 1 for the first recording of this request, and so on. */
  number: number;
};

/** Hex digits of the digest in a name. */
const digits = 16;

const shape = /-([0-9a-f]{16})(?:-([1-9]\d{0,8}))?\.jsonl$/;

/** `post-chat-completions-0123456789abcdef`: the same whenever the same request is recorded. */
export function stemOf(method: string, path: string, digest: string): string {
  const words = `${method}${path.replace(/^\/v1(?=\/|$)/, "")}`.toLowerCase();
  const plain = words.replace(/[^a-z0-9]+/g, "-").slice(0, 60);
  return `${plain.replace(/^-+|-+$/g, "")}-${digest.slice(0, digits)}`;
}

export function toName(stem: string, number: number): string {
  return `${stem}${number === 1 ? "" : `-${number}`}.jsonl`;
}

/** `undefined` for files that are no recordings. */
export function fromName(name: string): Named | undefined {
  const [, digest, number = "1"] = shape.exec(name) ?? [];
  return digest === undefined ? undefined : { name, digest, number: Number(number) };
}

/** By which recordings of a digest are found. */
export function shortened(digest: string): string {
  return digest.slice(0, digits);
}

/** What of a request, beside its body, makes it another one. */
export type Ask = {
  method: string;
  /** As in `Asked`. */
  path: string;
  query: string | undefined;
  upgrade: boolean;
  /** The value of the header. */
  range: string | undefined;
};

/** The exact request, as a digest; `body` is the SHA-256 of all its bytes as they were sent, in hex. */
export function digestOf({ method, path, query, upgrade, range }: Ask, body: string): string {
  const parts = [upgrade ? "upgrade" : method, path, query ?? null, range ?? null, body];
  return hash("sha256", JSON.stringify(parts));
}

/** The SHA-256 of no bytes: of a request without a body. */
export const noBody = hash("sha256", "");
