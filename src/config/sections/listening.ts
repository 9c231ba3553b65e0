import { isIP } from "node:net";
import * as v from "valibot";
import { choice, list, type Setting, section, text, toggle, whole } from "../kinds.ts";
import { hostName, prefix } from "../values.ts";

const address = v.pipe(
  v.string("an address or a host name"),
  v.transform((host) => host.toLowerCase().replace(/^\[(.*)\]$/, "$1")),
  // An empty host would listen everywhere.
  v.check((host) => isIP(host) > 0 || /^[a-z0-9._-]+$/.test(host), "an address or a host name"),
);

const workersRight = 'a whole number from 1 to 256, or "auto"';

const workers: Setting<number | "auto"> = {
  schema: v.union(
    [
      v.literal("auto"),
      v.pipe(
        v.number(),
        v.integer(workersRight),
        v.minValue(1, workersRight),
        v.maxValue(256, workersRight),
      ),
    ],
    workersRight,
  ),
  fromText: (t) => (/^\d+$/.test(t) ? Number(t) : t),
  default: 1,
  about: "Processes that share the port; auto: one for each core",
  placeholder: "number|auto",
  fixed: true,
};

const origin = [
  /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#]+$/,
  'an origin such as "http://localhost:5173", without a path',
] as const;

const tokenItem = [
  /^(?!ek_)[!-~]+$/,
  'a text of letters, digits and signs that does not start with "ek_" as OpenAI\'s client secrets do',
] as const;

export const listening = section("Listening", {
  port: whole(0, 65535, 8484, "Port to listen on; 0 picks a free one", {
    short: "p",
    fixed: true,
  }),
  host: {
    ...text(
      "127.0.0.1",
      "Address to listen on; 127.0.0.1 and localhost mean IPv4 and IPv6 loopback",
      {
        placeholder: "address",
        trusted: true,
        fixed: true,
      },
    ),
    schema: address,
  } as Setting<string>,
  socket: text("", "Unix socket to listen on instead of a port; only its owner can open it", {
    placeholder: "path",
    trusted: true,
    fixed: true,
    isFile: true,
  }),
  workers,
  otherUsers: choice(
    ["auto", "refuse", "allow"],
    "auto",
    "Programs of other users of this machine (told apart on Linux): auto refuses them where others have accounts",
    { trusted: true, fixed: true },
  ),
  tokens: list(tokenItem, "Client tokens, one of which every request must carry", {
    noFlag: true,
    trusted: true,
    secret: true,
  }),
  requireToken: toggle(false, "Ask for a client token on loopback too", { trusted: true }),
  allowedHosts: list(hostName, "More names that clients may use for the relay in Host", {
    placeholder: "name",
    trusted: true,
    example: ["host.docker.internal"],
  }),
  allowedOrigins: list(origin, "Web origins that may call the relay from a browser", {
    placeholder: "origin",
    trusted: true,
    example: ["http://localhost:5173"],
  }),
  allowPaths: list(prefix, "Forward only these paths and those below them; none: every path", {
    placeholder: "prefix",
    example: ["/v1/"],
  }),
  tls: choice(
    ["auto", "off"],
    "auto",
    "https:// on the same port: auto when there is a certificate (relay tls makes one), or off",
    { fixed: true },
  ),
  tlsCert: text("", "PEM file with your own certificate and its chain", {
    placeholder: "file",
    trusted: true,
    fixed: true,
    isFile: true,
  }),
  tlsKey: text("", "PEM file with the key of tlsCert; none: it is in the same file", {
    placeholder: "file",
    trusted: true,
    fixed: true,
    isFile: true,
  }),
});
