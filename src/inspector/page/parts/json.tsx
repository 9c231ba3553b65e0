import { useMemo, useState } from "preact/hooks";
import { toBytes } from "../format.ts";
import { type Line, type Token, toJsonLines } from "../json-lines.ts";
import { Copy } from "./copy.tsx";

/** Lines that are shown without asking. */
const most = 1_500;
/** Characters of a string, for instance a picture in base64, that are shown. */
const longest = 2_000;
/** Characters of what is no JSON. */
const mostText = 200_000;

/** JSON to read; what is none stands as it came. */
export function Json({ text, label }: { text: string; label: string }) {
  const [isWhole, setWhole] = useState(false);
  const lines = useMemo(() => toJsonLines(text), [text]);
  const isCut = !isWhole && (lines ? lines.length > most : text.length > mostText);
  return (
    <figure class="code" aria-label={label}>
      <Copy text={() => text} label="Copy" />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre tabIndex={0}>
        {lines
          ? (isWhole ? lines : lines.slice(0, most)).map(toLine)
          : isWhole
            ? text
            : text.slice(0, mostText)}
      </pre>
      {isCut && (
        <button type="button" onClick={() => setWhole(true)}>
          Show all of {lines ? `${lines.length} lines` : toBytes(text.length)}
        </button>
      )}
    </figure>
  );
}

function toLine({ depth, tokens }: Line, index: number) {
  return (
    <div key={index}>
      {"  ".repeat(depth)}
      {tokens.map(toToken)}
    </div>
  );
}

function toToken({ kind, text }: Token, index: number) {
  if (kind === "mark") return text;
  const isLong = text.length > longest;
  return (
    <span key={index} class={kind}>
      {isLong ? text.slice(0, 120) : text}
      {isLong && <i>… {toBytes(text.length)}</i>}
    </span>
  );
}
