import type { RelayUrl } from "../client/relay-url.ts";

/** One piece of a request body, in the order of the command line. */
export type BodyPart = {
  kind: "data" | "raw" | "binary" | "urlencode" | "json" | "form" | "formString";
  value: string;
};

/** What `relay curl` was asked to do, under curl's names; times are in seconds. */
export type CurlOptions = {
  request?: string;
  url?: string;
  header?: string[];
  body?: BodyPart[];
  urlQuery?: string[];
  uploadFile?: string;
  get?: true;
  head?: true;
  userAgent?: string;
  range?: string;
  compressed?: true;

  output?: string;
  remoteName?: true;
  remoteHeaderName?: true;
  outputDir?: string;
  createDirs?: true;
  include?: true;
  dumpHeader?: string;
  fail?: true;
  failWithBody?: true;
  writeOut?: string;

  maxTime?: number;
  connectTimeout?: number;
  retry?: number;
  retryDelay?: number;
  retryMaxTime?: number;
  retryAllErrors?: true;
  retryConnrefused?: true;
  location?: true;
  maxRedirs?: number;
  noproxy?: string;
  ipv4?: true;
  ipv6?: true;

  silent?: true;
  showError?: true;
  verbose?: true;
  progressBar?: true;
  /** `false` after `--no-progress-meter`. */
  progressMeter?: boolean;
  stderr?: string;

  /** A running relay to talk to. */
  relay?: RelayUrl;
  ws?: true;
  printCurl?: true;
};
