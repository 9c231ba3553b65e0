import * as v from "valibot";
import { choice, list, type Setting, section, text, toggle } from "../kinds.ts";
import { fromJson, headerValue, prefix } from "../values.ts";

const anyText = [/[\s\S]/, "a text that is not empty"] as const;

const headerName = [
  /^(?!(?:host|connection|content-(?:length|type)|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$)[a-z0-9!#$%&'*+.^_`|~-]+$/i,
  'the name of a header such as "api-key", not Host, Content-Length or another that HTTP needs',
] as const;

const ruleName = [
  /^(?!sk-)[\w.-]{1,40}$/,
  'a short name such as "audio"; it stands in the log',
] as const;
const variableName = [/^[A-Za-z_]\w*$/, "the name of an environment variable"] as const;
const oneSource = 'exactly one of "file", "env" and "command"';

const someTexts = (shape: readonly [RegExp, string]) =>
  v.pipe(v.array(v.pipe(v.string(shape[1]), v.regex(...shape))), v.minLength(1, "not empty"));

const keyRule = v.pipe(
  v.strictObject(
    {
      name: v.pipe(v.string(ruleName[1]), v.regex(...ruleName)),
      /** Where its key is: one of the three. */
      file: v.optional(v.pipe(v.string(anyText[1]), v.minLength(1, anyText[1]))),
      env: v.optional(v.pipe(v.string(variableName[1]), v.regex(...variableName))),
      command: v.optional(someTexts(anyText)),
      /** Patterns of paths, `/v1` included, and of models; absent: any. */
      paths: v.optional(someTexts(prefix)),
      models: v.optional(someTexts(anyText)),
    },
    'a rule such as { "name": "audio", "env": "AUDIO_KEY", "paths": ["/v1/audio/*"] }',
  ),
  v.check(({ file, env, command }) => {
    return [file, env, command].filter((source) => source !== undefined).length === 1;
  }, oneSource),
);

/** One rule of `keys`: a key of its own for some requests, or one more for all. */
export type KeyRule = v.InferOutput<typeof keyRule>;

const keyRules = v.pipe(
  v.array(keyRule, "a list of rules"),
  v.check((rules) => new Set(rules.map(({ name }) => name)).size === rules.length, "unique names"),
);

/** An argument may hold a comma. */
const argumentList = (t: string) => (t.startsWith("[") ? fromJson(t) : t.split(/\s+/));

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
    fromText: argumentList,
  },
  adminKeyCommand: {
    ...list(anyText, "Run this command; it prints the admin key", { noFlag: true, trusted: true }),
    fromText: argumentList,
  },
  envFile: text(
    "",
    "Take OPENAI_API_KEY and OPENAI_ADMIN_KEY, and nothing else, from this .env file",
    {
      placeholder: "file",
      trusted: true,
      isFile: true,
    },
  ),
  keychain: toggle(true, "Ask the system's keychain (relay key) when there is no other key", {
    trusted: true,
  }),
  keys: {
    schema: keyRules,
    fromText: fromJson,
    default: [],
    about: "Rules with keys of their own, for some paths and models, or to take turns",
    noFlag: true,
    trusted: true,
    example: [{ name: "audio", file: "audio.key", paths: ["/v1/audio/*"], models: ["gpt-4o*"] }],
    mapFiles: (rules, toFile) =>
      rules.map((rule) => ({ ...rule, ...(rule.file && { file: toFile(rule.file) }) })),
  } as Setting<KeyRule[]>,
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
