import * as v from "valibot";
import { list, type Setting, section, text, toggle } from "../kinds.ts";
import { hostName } from "../values.ts";

function url(start: RegExp, right: string, isRight: (url: URL) => boolean) {
  const check = (text: string) => URL.canParse(text) && isRight(new URL(text));
  return v.pipe(v.string(right), v.regex(start, right), v.check(check, right));
}

const upstreamUrl = url(
  /^https?:\/\//,
  'a URL such as "https://api.openai.com", without user, query or fragment',
  (at) => !at.username && !at.password && !at.search && !at.hash,
);

const proxyRight = 'env, off or a URL such as "http://proxy:3128"';

const proxyUrl = v.union(
  [v.picklist(["env", "off"], proxyRight), url(/^https?:\/\//, proxyRight, () => true)],
  proxyRight,
);

export const upstream = section("Upstream", {
  upstream: {
    ...text(
      "https://api.openai.com",
      "Where requests go; without a path of its own, /v1 is put in front",
      { placeholder: "url", trusted: true },
    ),
    schema: upstreamUrl,
  } as Setting<string>,
  insecureUpstream: toggle(false, "Allow http:// to an upstream that is not loopback", {
    trusted: true,
  }),
  proxy: {
    ...text("env", "Proxy towards the upstream: a URL, env (HTTPS_PROXY, NO_PROXY) or off", {
      placeholder: "url",
      trusted: true,
    }),
    schema: proxyUrl,
  } as Setting<string>,
  ca: text("", "PEM file with more certificate authorities to trust upstream", {
    placeholder: "file",
    trusted: true,
    isFile: true,
  }),
  systemCa: toggle(true, "Trust the certificate authorities of the system as well"),
  followRedirects: list(
    hostName,
    "Hosts to which redirects of GET are followed, never with the key",
    { placeholder: "host", trusted: true, example: ["files.example.com"] },
  ),
});
