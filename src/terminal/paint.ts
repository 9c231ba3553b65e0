import { styleText } from "node:util";

export type Colour = "red" | "yellow" | "green" | "cyan" | "dim" | "bold" | "inverse";

export type Paint = (colour: Colour, text: string) => string;

/** Colours text for a terminal, and leaves it as it is for anything else, or where nobody wants colours. */
export function createPaint(stream: NodeJS.WriteStream): Paint {
  // Decided here: left to Node, FORCE_COLOR would beat NO_COLOR, with a warning.
  if (process.env.NO_COLOR) return (_colour, text) => text;
  return (colour, text) => (text === "" ? "" : styleText(colour, text, { stream }));
}
