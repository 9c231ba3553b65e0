import type { Link } from "../../../story/chain.ts";
import { toBytes, toCount } from "../format.ts";

/** How much of a prompt another one begins with, and why the prompt cache may have missed. */
export function CacheNote({ links, id }: { links: readonly Link[]; id: string }) {
  const link = links.find((one) => one.id === id);
  if (link?.before === undefined || link.size === 0) return null;
  const { shared, size, parting, cached, remarks } = link;
  return (
    <section class="said">
      <h3>Prompt cache</h3>
      <p>
        {`The first ${toBytes(shared)} of ${toBytes(size)} of the prompt are the same (${toShare(shared, size)})`}
        {parting && (
          <>
            {", up to "}
            <code>{parting.path}</code>
          </>
        )}
        .
        {cached &&
          ` ${toCount(cached.tokens)} of ${toCount(cached.input)} input tokens came from the cache (${toShare(cached.tokens, cached.input)}).`}
      </p>
      {remarks.map((remark) => (
        <p key={remark} class="note">
          {remark}
        </p>
      ))}
    </section>
  );
}

const toShare = (part: number, whole: number) =>
  whole === 0 ? "0 %" : `${Math.floor((part / whole) * 100)} %`;
