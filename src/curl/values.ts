import { type RelayUrl, toRelayUrl } from "../client/relay-url.ts";
import { badUsage } from "./failure.ts";

/** For options that may be given more than once. */
export function append(text: string, before: string[] = []): string[] {
  return [...before, text];
}

export function toMethod(text: string): string {
  if (/^(TRACE|CONNECT)$/i.test(text))
    throw badUsage(`-X ${text}: the relay does not forward this`);
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(text)) return text;
  throw badUsage(`-X ${JSON.stringify(text)} is not a method`);
}

export function toSeconds(text: string): number {
  if (/^(\d+\.?\d*|\.\d+)$/.test(text)) return Number(text);
  throw badUsage(`"${text}" is not a number of seconds`);
}

export function toCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badUsage(`"${text}" is not a number of times`);
}

/** `0-499`, `500-`, `-500`, several of them; a single number is where to begin, as in curl. */
export function toRange(text: string): string {
  if (/^\d+$/.test(text)) return `${text}-`;
  if (/^(\d+-\d*|-\d+)(,\s*(\d+-\d*|-\d+))*$/.test(text)) return text;
  throw badUsage(`-r ${text}: write a range of bytes, such as 0-499`);
}

export function toRelay(text: string): RelayUrl {
  const url = toRelayUrl(text);
  if (url) return url;
  throw badUsage(`--relay ${text}: give a URL such as http://127.0.0.1:8484, or unix:/path`);
}
