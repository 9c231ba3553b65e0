import type { Transform } from "node:stream";
import { decoders } from "../decoder.ts";
import type { HeaderPairs, Slice } from "./call.ts";

/** Bytes that a body may unpack to: a small one can be made to become a very large one. */
const most = 256 * 1024 ** 2;

export type Decoded = {
  slices: Slice[];
  /** Why the bytes are still encoded, or are not all there. */
  problem?: string;
};

/** Slices of a body without its Content-Encoding: each with what could be read once it had come. */
export async function decodedSlices(
  headers: HeaderPairs | undefined,
  slices: readonly Slice[],
): Promise<Decoded> {
  let decoded: Decoded = { slices: [...slices] };
  for (const coding of codingsOf(headers ?? [])) {
    const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
    if (!decoder)
      return { ...decoded, problem: `Nobody here can read Content-Encoding: ${coding}` };
    decoded = await through(decoder(), decoded.slices);
    if (decoded.problem !== undefined) return decoded;
  }
  return decoded;
}

/** The coding that was put on last comes off first (RFC 9110 section 8.4). */
function codingsOf(headers: HeaderPairs): string[] {
  const lines = headers.filter(([name]) => name.toLowerCase() === "content-encoding");
  const codings = lines.flatMap(([, value]) => value.toLowerCase().split(","));
  return codings
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity")
    .reverse();
}

async function through(decoder: Transform, slices: readonly Slice[]): Promise<Decoded> {
  const found: Slice[] = [];
  let [at, size] = [0, 0];
  let problem: string | undefined;
  const over = new Promise<void>((resolve) => {
    decoder.once("close", resolve);
    decoder.once("error", (error) => {
      problem = `The body is not encoded as it says: ${error.message}`;
    });
    decoder.on("data", (bytes: Buffer) => {
      size += bytes.length;
      if (size <= most) found.push({ at, bytes });
      else decoder.destroy(new Error("it is too large"));
    });
  });
  for (const slice of slices) {
    if (decoder.destroyed) break;
    at = slice.at;
    await new Promise<void>((resolve) => {
      decoder.once("close", resolve);
      decoder.write(slice.bytes, () => {
        decoder.off("close", resolve);
        // What it gives is heard in turns of their own.
        setImmediate(resolve);
      });
    });
  }
  decoder.end();
  await over;
  if (problem === undefined) return { slices: found };
  return { slices: found.length > 0 ? found : [...slices], problem };
}
