import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { HeaderPairs } from "../journal/call.ts";
import { decompress } from "../policy/decode.ts";
import { toCurl } from "../story/snippet.ts";
import { largest } from "./edit.ts";
import type { Recorded } from "./recorded.ts";

/** What makes the same call with curl, through the relay at `baseUrl`. */
export async function toCurlLine(request: Recorded, baseUrl: string): Promise<string> {
  const { again: id, method, target, headers } = request;
  const coding = headerOf(headers, "content-encoding") ?? "";
  const body = await decompress(request.body, coding, largest);
  const { code, remark } = toCurl({ id, baseUrl, method, target, headers: toPairs(headers), body });
  return remark === undefined ? code : `# ${remark}\n${code}`;
}

function toPairs(headers: HeaderList): HeaderPairs {
  const pairs: HeaderPairs = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i]!, headers[i + 1]!]);
  return pairs;
}
