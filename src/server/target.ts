import { badRequest, type RelayError, uriTooLong } from "../errors.ts";

/** Origin-form with the bytes that RFC 9112 section 3.2 allows, and those that curl sends bare. */
const syntax = /^\/[!"$-~]*$/;

/** A dot segment, plain or encoded, between separators that some server somewhere takes for one. */
const dotSegment = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=$|[/\\;]|%2f|%5c)/i;

const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/i;

/** The reason why a path and query are not forwarded byte for byte. */
export function checkTarget(target: string, limit: number): RelayError | undefined {
  if (target.length > limit) return uriTooLong(limit);
  if (!syntax.test(target)) return badRequest("Forbidden characters in the request target.");
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  return dotSegment.test(path) ? badRequest("Dot segments in the path.") : undefined;
}

/**
 * Takes an absolute-form target apart; `undefined` when it is none. Its authority stands for Host
 * (RFC 9112 section 3.2.2) and is never dialled.
 */
export function fromAbsoluteForm(url: string): { host: string; target: string } | undefined {
  const match = absoluteForm.exec(url);
  if (!match) return undefined;
  const target = match[2]!;
  return { host: match[1]!, target: target.startsWith("/") ? target : `/${target}` };
}
