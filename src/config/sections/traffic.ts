import * as v from "valibot";
import { list, type Setting, section, toggle } from "../kinds.ts";
import { fromJson, prefix } from "../values.ts";

const headerItem = [/^[!-~]+$/, "a text of letters, digits and signs, without spaces"] as const;

const mediaType = [/^[^\s/;]+\/[^\s/;]+$/, 'a media type such as "application/json"'] as const;

const path = v.pipe(v.string(prefix[1]), v.regex(...prefix));
const sent = 'a path as it is sent: "/", then ASCII without spaces and "#"';
const sentPath = v.pipe(v.string(sent), v.regex(/^\/[!"$-~]*$/, sent));
// An upstream that echoes a TRACE would hand out the key (RFC 9110 section 9.3.8).
const method = v.pipe(
  v.string(),
  v.regex(/^(?!trace$|connect$)[a-z]+$/i, 'a method such as "POST", not TRACE or CONNECT'),
);
const rule = 'a rule such as { "path": "/v1/a", "to": { "path": "/v1/b" } }';

const rewriteRule = v.strictObject(
  {
    /** Matches this method only; absent: any. */
    method: v.optional(method),
    /** A path as the client sends it; a `*` at the end matches any rest. */
    path,
    to: v.strictObject(
      {
        method: v.optional(method),
        /** A `*` at the end is replaced by what the `*` of `path` matched. */
        path: v.optional(sentPath),
      },
      rule,
    ),
  },
  rule,
);

/** One rule of `rewrite`. */
export type RewriteRule = v.InferOutput<typeof rewriteRule>;

export const traffic = section("Requests and answers", {
  beta: list(headerItem, "OpenAI-Beta flags, merged with the client's", {
    placeholder: "flag",
    example: ["assistants=v2"],
  }),
  defaultContentType: toggle(
    true,
    "Send Content-Type: application/json with bodies that have none",
  ),
  validate: toggle(false, "Refuse bodies whose Content-Type is not in contentTypes with 415"),
  contentTypes: {
    ...list(mediaType, "Media types that validate accepts, beside every type that ends in +json", {
      placeholder: "type",
    }),
    default: ["application/json", "multipart/form-data", "application/sdp"],
  },
  headViaGet: toggle(false, "Ask for binary content with GET and Range when the client sends HEAD"),
  rewrite: {
    schema: v.array(rewriteRule, "a list of rules"),
    fromText: fromJson,
    default: [],
    about: "Rules that replace methods and paths before forwarding",
    noFlag: true,
    example: [{ method: "POST", path: "/v1/responses:stream", to: { path: "/v1/responses" } }],
  } as Setting<RewriteRule[]>,
  websocket: toggle(
    true,
    "Let WebSockets through; off: 426, and clients fall back to HTTP at once",
  ),
  antiBuffering: toggle(false, "Add X-Accel-Buffering: no to event streams, for proxies in front"),
});
