import * as v from "valibot";
import { type Setting, section, text, toggle } from "../kinds.ts";

const right = '"" or a URL such as "http://localhost:4318", without query or fragment';

const endpoint = v.pipe(
  v.string(right),
  v.check((text) => text === "" || isBase(text), right),
);

function isBase(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { search, hash, username, password } = new URL(text);
  return !search && !hash && !username && !password;
}

export const metrics = section("Metrics and traces", {
  metrics: toggle(true, "Count calls for Prometheus at /_relay/metrics", { fixed: true }),
  otlpEndpoint: {
    ...text("", "Send a span of each call there, by OTLP over HTTP: /v1/traces is put behind it", {
      placeholder: "url",
      trusted: true,
      fixed: true,
    }),
    schema: endpoint,
  } as Setting<string>,
});
