import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { notJson, notMultipart } from "./refusal.ts";

/** As much of a request as is read here; its Content-Encoding is off. */
type Sent = { headers: HeaderList; body: Buffer };

/** No request of a client is nested deeper, and no walk over one runs out of stack. */
const deepest = 512;

export function isForm({ headers }: Sent): boolean {
  return /^multipart\//i.test(typeOf(headers));
}

export function readJson({ body }: Sent): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw notJson();
  }
  if (isDeeper(value, deepest)) throw notJson();
  return value;
}

export async function readForm({ headers, body }: Sent): Promise<FormData> {
  const form = new Response(new Uint8Array(body), { headers: { "content-type": typeOf(headers) } });
  return form.formData().catch(() => {
    throw notMultipart();
  });
}

function typeOf(headers: HeaderList): string {
  return headerOf(headers, "content-type") ?? "";
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
