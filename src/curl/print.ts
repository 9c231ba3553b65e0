import type { HeaderList } from "../exchange.ts";

/** The head of an answer as it stands on the wire. */
export function formatHead(status: number, reason: string, headers: HeaderList): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${formatLines(headers)}\r\n`;
}

export function formatLines(headers: HeaderList): string {
  let lines = "";
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}

/** Lines of the wire as `-v` shows them, `>` sent and `<` received. */
export function marked(sign: "<" | ">", lines: string): string {
  return lines.replace(/(.*)\r\n/g, `${sign} $1\n`);
}
