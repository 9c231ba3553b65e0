/** A line in lines of at most `width` signs, broken at spaces where there are some. */
export function folded(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const lines: string[] = [];
  for (let rest = line; rest !== ""; ) {
    const space = rest.length > width ? rest.lastIndexOf(" ", width) : -1;
    const end = space > width / 2 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).replace(/^ /, "");
  }
  return lines;
}
