/** One piece of a request body, in the order of the command line. */
export type BodyPart = {
  kind: "data" | "raw" | "binary" | "urlencode" | "json" | "form" | "formString";
  value: string;
};

/** What `relay curl` was asked to do, under curl's names. */
export type CurlOptions = {
  request?: string;
  header?: string[];
  body?: BodyPart[];
  uploadFile?: string;
  get?: true;
  head?: true;
  output?: string;
  remoteName?: true;
  include?: true;
  dumpHeader?: string;
  writeOut?: string;
  userAgent?: string;
  silent?: true;
  showError?: true;
  fail?: true;
  failWithBody?: true;
  verbose?: true;
  location?: true;
  /** Seconds. */
  maxTime?: number;
  /** Seconds. */
  connectTimeout?: number;
  /** A running relay to talk to. */
  relay?: URL;
};
