import type { Difference } from "../../../story/diff.ts";
import type { Change } from "../../../story/text-diff.ts";

/** One place, before and after. */
export function DifferenceView({ difference }: { difference: Difference }) {
  const { path, before, after, changes } = difference;
  const shown = changes ?? [
    ...(before === undefined ? [] : [{ kind: "removed" as const, text: toText(before) }]),
    ...(after === undefined ? [] : [{ kind: "added" as const, text: toText(after) }]),
  ];
  const isWhole = shown.every(({ kind }) => kind === "removed" || kind === "added");
  return (
    <section class="difference" aria-label={path || "Text"}>
      {path && <code>{path}</code>}
      <pre class={isWhole ? "whole" : ""}>{shown.map(toPiece)}</pre>
    </section>
  );
}

/** Of what did not change, so many characters stand around what did. */
const around = 160;

function toPiece({ kind, text }: Change, index: number) {
  if (kind === "removed") return <del key={index}>{text}</del>;
  if (kind === "added") return <ins key={index}>{text}</ins>;
  const isLong = text.length > 3 * around;
  return (
    <span key={index}>{isLong ? `${text.slice(0, around)} ⋯ ${text.slice(-around)}` : text}</span>
  );
}

const toText = (value: unknown) =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);
