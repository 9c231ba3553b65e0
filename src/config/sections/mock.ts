import { choice, duration, section, text, toggle, whole } from "../kinds.ts";

const many = 1_000_000_000;

export const mock = section("Mock", {
  mock: toggle(false, "Answer from the built-in mock: no key, no network"),
  mockScript: text("", "JSON or YAML file that says what the mock answers to which requests", {
    placeholder: "file",
    isFile: true,
  }),
  mockLatency: duration(0, "How long the mock takes to the first byte of an answer"),
  mockTokensPerSecond: whole(0, 1_000_000, 0, "How fast the mock speaks; 0: at once"),
  mockRequestsPerMinute: whole(
    0,
    many,
    0,
    "Requests that name a model and that the mock takes in a minute; 0: any number",
  ),
  mockTokensPerMinute: whole(
    0,
    many,
    0,
    "Tokens, sent and asked for, that the mock takes in a minute; 0: any number",
  ),
  mockLimitsPer: choice(
    ["model", "all"],
    "model",
    "What shares these two limits: the requests of each model, or all",
  ),
});
