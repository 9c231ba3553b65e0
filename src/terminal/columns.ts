import type { Colour, Paint } from "./paint.ts";

/** A column of a table, and how it is filled. */
export type Column<T> = {
  title: string;
  width: number;
  /** Of a figure, which stands at the right. */
  isRight?: boolean;
  /** May take what is left of the line: so many shares of it. */
  grows?: number;
  text(row: T): string;
  colour?(row: T): Colour | undefined;
};

export type Table<T> = { titles: string; line(row: T): string };

/** What lines are laid out for where their width does not matter. */
const usual = 120;

/**
 * Lays columns out over `width` signs. Texts that are too long are cut, figures never are: the text that
 * grows gives way. Where there is no width (`Infinity`: a program reads), nothing is cut.
 */
export function createTable<T>(
  columns: readonly Column<T>[],
  width: number,
  paint: Paint,
): Table<T> {
  const isBound = Number.isFinite(width);
  const taken = columns.reduce((sum, column) => sum + column.width + 1, -1);
  const left = Math.max(0, (isBound ? width : usual) - taken);
  const shares = columns.reduce((sum, { grows = 0 }) => sum + grows, 0);
  const widths = columns.map(({ width, grows }) => {
    return width + (grows ? Math.floor((left * grows) / shares) : 0);
  });
  const yielding = columns.findIndex(({ grows }) => grows);

  function lay(texts: string[]): string[] {
    const over = texts.reduce((sum, text, i) => {
      return sum + (columns[i]!.isRight ? Math.max(0, text.length - widths[i]!) : 0);
    }, 0);
    return texts.map((text, i) => {
      if (columns[i]!.isRight) return text.padStart(widths[i]!);
      const room = widths[i]! - (i === yielding ? over : 0);
      return (isBound ? cut(text, room) : text).padEnd(room);
    });
  }
  return {
    titles: paint(
      "dim",
      lay(columns.map(({ title }) => title))
        .join(" ")
        .trimEnd(),
    ),
    line(row) {
      const cells = lay(columns.map(({ text }) => text(row)));
      const painted = cells.map((cell, i) => {
        const colour = columns[i]!.colour?.(row);
        return colour ? paint(colour, cell) : cell;
      });
      return painted.join(" ").trimEnd();
    },
  };
}

export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
}

/** How wide lines may be: as wide as the terminal, and as long as they like for a program. */
export function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? Math.max(60, stream.columns || 80) : Number.POSITIVE_INFINITY;
}
