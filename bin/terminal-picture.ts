/** Colours that read on the dark ground, by SGR code (ECMA-48 section 8.3.117). */
const colours: Record<number, string> = {
  31: "#ff7b72",
  32: "#3fb950",
  33: "#d29922",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#76e3ea",
  90: "#8b949e",
};
const ground = "#0d1117";
const ink = "#e6edf3";
const lineHeight = 19;
const charWidth = 8.4;
const margin = 16;

/** A colour, an erased rest of a line, any other control sequence, or a character. */
const control = new RegExp(
  ["\\x1b\\[([\\d;]*)m", "\\x1b\\[\\d*(K)", "\\x1b\\[[\\d;?]*[a-zA-Z]", "[\\s\\S]"].join("|"),
  "gu",
);

type Cell = { char: string; style: string };

/** What a terminal shows after a command was typed and has printed this; SVG. */
export function toPicture(prompt: string, printed: string): string {
  const lines = [
    [...prompt].map((char) => ({ char, style: 'font-weight="600"' })),
    ...toLines(printed),
  ];
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(columns * charWidth + 2 * margin);
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.map((line, i) => toRow(line, margin + (i + 0.75) * lineHeight));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${toMarkup(prompt)}</title>
<rect width="100%" height="100%" rx="8" fill="${ground}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="${ink}">
${rows.filter(Boolean).join("\n")}
</g>
</svg>
`;
}

/** Follows what the text does to the screen: new lines, returns, erased rests of lines, colours. */
function toLines(printed: string): Cell[][] {
  const lines: Cell[][] = [[]];
  let column = 0;
  let style = "";
  for (const [token, codes, erase] of printed.matchAll(control)) {
    const line = lines.at(-1)!;
    if (codes !== undefined) style = toStyle(codes.split(";").map(Number), style);
    else if (erase) line.length = column;
    else if (token === "\n") lines.push([]);
    else if (token === "\r") column = 0;
    else if (token.length <= 2 && token >= " ") line[column++] = { char: token, style };
  }
  return lines;
}

function toStyle(codes: number[], before: string): string {
  let style = before;
  for (const code of codes) {
    if (code === 0 || code === 39 || code === 22) style = "";
    else if (code === 1) style = `${style} font-weight="600"`.trim();
    else if (colours[code]) style = `fill="${colours[code]}"`;
  }
  return style;
}

/** Runs of the same style, each at its own place, so that no font can shift what follows. */
function toRow(line: Cell[], y: number): string {
  const runs: { at: number; text: string; style: string }[] = [];
  line.forEach((cell, at) => {
    const { char, style } = cell ?? { char: " ", style: "" };
    const last = runs.at(-1);
    if (last && last.style === style && last.at + [...last.text].length === at) last.text += char;
    else if (char !== " ") runs.push({ at, text: char, style });
  });
  return runs
    .map(({ at, text, style }) => {
      const x = (margin + at * charWidth).toFixed(1);
      const length = ([...text.trimEnd()].length * charWidth).toFixed(1);
      return `<text x="${x}" y="${y}" textLength="${length}" ${style}>${toMarkup(text.trimEnd())}</text>`;
    })
    .join("");
}

/** SVG joins plain spaces. */
function toMarkup(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replaceAll(" ", "\u00a0");
}
