import type { Config } from "../config/settings.ts";
import type { FormRule, LineRule } from "./allowed.ts";

/** The rules of the table that have changed something. */
export type Rules = Set<LineRule | FormRule>;

/** The settings that have a say in what goes over the wire. */
export type Wishes = Pick<
  Config,
  | "auth"
  | "authHeader"
  | "organization"
  | "project"
  | "beta"
  | "defaultContentType"
  | "rewrite"
  | "headViaGet"
  | "antiBuffering"
> & {
  /** The path of `upstream`. */
  prefix: string;
};

/** What decides, beside the table itself, how a message looks behind the relay. */
export type Terms = {
  /** The key that the relay puts on. */
  key: string;
  wishes: Wishes;
  met: Rules;
  /** The settings that have changed something, by name. */
  by: Set<string>;
};

const none: Wishes = {
  auth: "replace",
  authHeader: "authorization",
  organization: "",
  project: "",
  beta: [],
  defaultContentType: true,
  rewrite: [],
  headViaGet: false,
  antiBuffering: false,
  prefix: "/v1",
};

/** The terms of default settings. */
export function usualTerms(key: string, met: Rules = new Set()): Terms {
  return { key, wishes: none, met, by: new Set() };
}
