import type { HeaderPairs } from "../../../journal/call.ts";

/** Header lines as they were; credentials never stand among them. */
export function Headers({ lines }: { lines: HeaderPairs }) {
  if (lines.length === 0) return <p class="note">None.</p>;
  return (
    <dl class="headers">
      {lines.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
