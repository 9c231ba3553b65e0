import { hash } from "node:crypto";
import type { Asked } from "../entry.ts";
import { type Part, partsOf } from "./form.ts";
import { inside, normalized, tooMuch } from "./json.ts";
import type { Mask } from "./masks.ts";
import type { Rules } from "./rules.ts";

/** A body in which all is gone that may differ: plain data, to be hashed and compared part by part. */
export type Normal = { json: unknown } | { form: Field[] } | { text: string } | Content | null;

/** Bytes that are compared in one piece. */
type Content = { bytes?: number; sha256: string };

type Field = { name: string; filename?: string; type?: string } & ({ text: string } | Content);

export function normalBody({ headers, body, digest }: Asked, mask: Mask, rules: Rules): Normal {
  if (!body) return null;
  // Boundaries, which are not in this digest, may differ in length.
  if ("sha256" in body) return { sha256: body.sha256 };
  if ("json" in body) {
    const json = normalized(body.json, mask, rules);
    return json === tooMuch ? { sha256: digest } : { json };
  }
  const type = headers.find(([name]) => name === "content-type")?.[1] ?? "";
  const content = "text" in body ? Buffer.from(body.text) : Buffer.from(body.base64, "base64");
  const parts = partsOf(type, content);
  if (parts) return { form: parts.flatMap((part) => toField(part, mask, rules)) };
  return "text" in body ? { text: mask(body.text) } : toContent(content);
}

function toField({ content, ...part }: Part, mask: Mask, { ignored }: Rules): Field[] {
  if (!inside(ignored, part.name)) return [];
  if (part.filename !== undefined)
    return [{ ...part, filename: mask(part.filename), ...toContent(content) }];
  // Files are what they are; fields are written anew for every request.
  return [{ ...part, text: mask(content.toString()) }];
}

function toContent(bytes: Buffer): Content {
  return { bytes: bytes.length, sha256: hash("sha256", bytes) };
}
