import type { HeaderList } from "../exchange.ts";
import { toHeaderLines } from "../header-list.ts";

/** The head of an answer as it stands on the wire. */
export function formatHead(status: number, reason: string, headers: HeaderList): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${toHeaderLines(headers)}\r\n`;
}

/** Lines of the wire as `-v` shows them, `>` sent and `<` received. */
export function marked(sign: "<" | ">", lines: string): string {
  return lines.replace(/(.*)\r\n/g, `${sign} $1\n`);
}
