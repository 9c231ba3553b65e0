import { type Body, sizeOf } from "../body.ts";
import { toBytes } from "../format.ts";

type Props = { body: Body; bytes: number; isWhole: boolean };

/** Says where a body was longer than what is kept of one. */
export function Cut({ body, bytes, isWhole }: Props) {
  const kept = sizeOf(body);
  if (!isWhole || kept >= bytes) return null;
  return <p class="note">{`Of ${toBytes(bytes)}, ${toBytes(kept)} were kept.`}</p>;
}
