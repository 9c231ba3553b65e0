import type { Dice } from "./dice.ts";
import type { Line } from "./wire.ts";

/** Header lines such as clients send, in any order. */
export function requestLines(dice: Dice, beta: string | null): Line[] {
  const lines: Line[] = dice.some<Line>([
    ["Authorization", " Bearer dummy"],
    ["User-Agent", " OpenAI/JS 7.57.0"],
    ["Accept", " application/json"],
    ["accept-encoding", " gzip, br, zstd"],
    ["X-Stainless-Retry-Count", " 0"],
    ["x-stainless-retry-count", "1"],
    ["OpenAI-Organization", " org-x"],
    ["Idempotency-Key", "\tk\t "],
    ["X-Codex-Turn-Metadata", ` {"a":"${"b".repeat(1_000)}"}`],
    ["x-empty", ""],
    ["X-Spaces", "  two  words "],
    ["X-Latin", " caf\xe9 \xff\x80"],
    ["Range", " bytes=0-99"],
    ["If-None-Match", ' "a", W/"b"'],
    ["Cookie", " a=b"],
    ["cookie", " c=d"],
    ["Sec-Fetch-Mode", " cors"],
    ["sec-ch-ua", ' "x"'],
    ["X-Forwarded-For", " 10.0.0.1"],
    ["Referer", " http://localhost/"],
    ["x-relay-tag", " ci"],
    ["TE", " trailers"],
    ["Connection", " keep-alive, X-Hop"],
    ["X-Hop", " 1"],
  ]);
  if (beta !== null && !beta.startsWith("(")) put(dice, lines, ["OpenAI-Beta", ` ${beta}`]);
  return shuffled(dice, lines);
}

/** Header lines such as OpenAI sends, in any order. */
export function answerLines(dice: Dice): Line[] {
  return shuffled(
    dice,
    dice.some<Line>([
      ["Date", " Thu, 01 Jan 1970 00:00:00 GMT"],
      ["Server", " cloudflare"],
      ["x-request-id", " req_1"],
      ["X-RateLimit-Remaining-Tokens", " 149984"],
      ["Set-Cookie", " a=b; Path=/"],
      ["set-cookie", " c=d"],
      ["Retry-After", " 1"],
      ["x-should-retry", "true"],
      ["OpenAI-Processing-Ms", " 12"],
      ["X-Empty", ""],
      ["X-Latin", " na\xefve \xff"],
      ["Alt-Svc", ' h3=":443"'],
      ["Strict-Transport-Security", " max-age=1"],
      ["Connection", " keep-alive, x-hop"],
      ["X-Hop", " 1"],
      ["Keep-Alive", " timeout=5"],
      ["Location", " https://api.openai.com/v1/x"],
      ["Access-Control-Allow-Origin", " *"],
      ["Via", " 1.1 edge"],
      ["X-Long", ` ${"y".repeat(9_000)}`],
    ]),
  );
}

/** Puts a line anywhere among others. */
export function put(dice: Dice, lines: Line[], line: Line): void {
  lines.splice(dice.below(lines.length + 1), 0, line);
}

/** A name in one of the cases that are met. */
export function oddly(dice: Dice, name: string): string {
  return dice.pick([name, name.toLowerCase(), name.toUpperCase(), name]);
}

function shuffled<T>(dice: Dice, list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = dice.below(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
