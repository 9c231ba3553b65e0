import type { HeaderList } from "../exchange.ts";
import { remembering } from "../header-list.ts";

/**
 * What the door has to know of a request's header lines; `undefined` or empty: no such line. Repeated lines
 * are joined, so that they never equal a value that is allowed.
 */
export type Facts = {
  hosts: number;
  host: string;
  length: string | undefined;
  coding: string | undefined;
  origin: string | undefined;
  site: string | undefined;
  mode: string | undefined;
  authorization: string;
  apiKey: string;
  relayToken: string;
  protocols: string;
  asksForMethod: boolean;
};

const lines = new Map<string, keyof Facts>([
  ["host", "host"],
  ["content-length", "length"],
  ["transfer-encoding", "coding"],
  ["origin", "origin"],
  ["sec-fetch-site", "site"],
  ["sec-fetch-mode", "mode"],
  ["authorization", "authorization"],
  ["api-key", "apiKey"],
  ["x-relay-token", "relayToken"],
  ["sec-websocket-protocol", "protocols"],
  ["access-control-request-method", "asksForMethod"],
]);

/** Reads the header lines once. `req.headers` would hide repeated ones. */
export function gather(headers: HeaderList): Facts {
  const facts: Facts = {
    hosts: 0,
    host: "",
    length: undefined,
    coding: undefined,
    origin: undefined,
    site: undefined,
    mode: undefined,
    authorization: "",
    apiKey: "",
    relayToken: "",
    protocols: "",
    asksForMethod: false,
  };
  for (let i = 0; i < headers.length; i += 2) {
    const line = lineOf(headers[i]!);
    const value = headers[i + 1]!;
    switch (line) {
      case "host":
        facts.hosts++;
        facts.host = value;
        break;
      case "length":
      case "coding":
      case "origin":
      case "site":
      case "mode":
        facts[line] = facts[line] === undefined ? value : `${facts[line]}, ${value}`;
        break;
      case "authorization":
      case "apiKey":
      case "relayToken":
      case "protocols":
        facts[line] = facts[line] === "" ? value : `${facts[line]}, ${value}`;
        break;
      case "asksForMethod":
        facts.asksForMethod = true;
    }
  }
  return facts;
}

const lineOf = remembering<keyof Facts | "other">((name) => lines.get(name) ?? "other");
