import type { HeaderList } from "../exchange.ts";

type Head = { status: number; reason: string; headers: HeaderList };

/**
 * What HEAD would have answered, from the answer to `GET` with `Range: bytes=0-0`: a 206 becomes the 200
 * of the whole, with the whole's length (RFC 9110 section 14.4). Other answers stay what they are.
 */
export function toHeadAnswer(status: number, reason: string, headers: HeaderList): Head {
  const length = totalLength(headers);
  // A range of an empty file cannot be satisfied: 416 with "bytes */0".
  const isRange = status === 206 || (status === 416 && length === "0");
  if (!isRange || length === undefined) return { status, reason, headers };

  const whole: HeaderList = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (/^content-range$/i.test(name)) continue;
    whole.push(name, /^content-length$/i.test(name) ? length : headers[i + 1]!);
  }
  return { status: 200, reason: "OK", headers: whole };
}

function totalLength(headers: HeaderList): string | undefined {
  for (let i = 0; i < headers.length; i += 2)
    if (/^content-range$/i.test(headers[i]!)) return /\/(\d+)$/.exec(headers[i + 1]!)?.[1];
  return undefined;
}
