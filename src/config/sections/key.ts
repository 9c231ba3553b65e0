import { choice, list, section, text } from "../kinds.ts";
import { fromJson, headerValue } from "../values.ts";

const anyText = [/[\s\S]/, "a text that is not empty"] as const;

const headerName = [
  /^(?!(?:host|connection|content-(?:length|type)|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$)[a-z0-9!#$%&'*+.^_`|~-]+$/i,
  "the name of a header that does not frame the message",
] as const;

export const key = section("Key", {
  keyFile: text("", "Read the API key from this file; - reads it from standard input", {
    placeholder: "file",
    trusted: true,
    isFile: true,
  }),
  adminKeyFile: text("", "Read the admin key from this file", {
    placeholder: "file",
    trusted: true,
    isFile: true,
  }),
  keyCommand: {
    ...list(anyText, "Run this command (an argument list, no shell); it prints the API key", {
      noFlag: true,
      trusted: true,
    }),
    // An argument may hold a comma.
    fromText: (t: string) => (t.startsWith("[") ? fromJson(t) : t.split(/\s+/)),
  },
  auth: choice(
    ["replace", "passthrough"],
    "replace",
    "Put the relay's key on, or leave the client's own",
    { trusted: true },
  ),
  authHeader: text(
    "authorization",
    "Header that carries the key, for upstreams that want another",
    { placeholder: "name", trusted: true },
    headerName,
  ),
  organization: text(
    "",
    "OpenAI-Organization for requests that name none",
    { placeholder: "id" },
    headerValue,
  ),
  project: text(
    "",
    "OpenAI-Project for requests that name none",
    { placeholder: "id" },
    headerValue,
  ),
});
