import type { BodyPart } from "./options.ts";
import { append, toCount, toMethod, toRange, toSeconds } from "./values.ts";

/** An option of curl: how it is written, what it does, how its value is read. */
export type Row = [flags: string, about: string, read?: (text: string) => unknown];

/** What `relay curl` has of curl's options, in the groups and the order of its help. */
export const groups: Record<string, Row[]> = {
  "Request, as in curl:": [
    ["-X, --request <method>", "method to use", toMethod],
    ["-H, --header <line>", "send a header; 'Name;' an empty one, 'Name:' none", append],
    ["-d, --data <data>", "send data in a POST; @file reads it, without line ends", piece("data")],
    ["--data-raw <data>", "send data in which @ means nothing", piece("raw")],
    ["--data-binary <data>", "send data; @file reads it as it is", piece("binary")],
    ["--data-urlencode <data>", "encode it: text, name=text, name@file", piece("urlencode")],
    ["--json <data>", "send JSON and ask for JSON; @file reads it", piece("json")],
    ["-F, --form <name=content>", "send a form field; @file uploads, <file reads", piece("form")],
    ["--form-string <name=text>", "a field in which @ and < mean nothing", piece("formString")],
    ["-T, --upload-file <file>", "send a file in a PUT; - is standard input"],
    ["-G, --get", "put the data into the query"],
    ["--url-query <data>", "add to the query, as --data-urlencode does; +text as it is", append],
    ["-I, --head", "ask for the head only"],
    ["-A, --user-agent <name>", "send as User-Agent"],
    ["-r, --range <from-to>", "ask for these bytes only", toRange],
    ["--compressed", "ask for a compressed answer, and unpack it"],
    ["--url <url>", "another way to give the URL"],
  ],
  "Answer, as in curl:": [
    ["-o, --output <file>", "write the answer to a file"],
    ["-O, --remote-name", "write the answer to a file named as in the URL"],
    ["-J, --remote-header-name", "with -O: named as the answer says"],
    ["--output-dir <folder>", "where the files of -o and -O go"],
    ["--create-dirs", "make missing folders for the file"],
    ["-i, --include", "print the head too"],
    ["-D, --dump-header <file>", "write the head to a file"],
    ["-f, --fail", "exit with 22 on status 400 and above, without the body"],
    ["--fail-with-body", "exit with 22 on status 400 and above, with the body"],
    ["-w, --write-out <format>", "print after the call, such as '%{http_code}\\n' or %{json}"],
  ],
  "Time and way, as in curl:": [
    ["-m, --max-time <seconds>", "for the whole call", toSeconds],
    ["--connect-timeout <seconds>", "for the connection", toSeconds],
    ["--retry <times>", "try again after 408, 429, 500, 502, 503, 504, timeouts", toCount],
    ["--retry-delay <seconds>", "wait so long, instead of 1, 2, 4, … or Retry-After", toSeconds],
    ["--retry-max-time <seconds>", "no new try after this", toSeconds],
    ["--retry-connrefused", "try again where nobody listens"],
    ["--retry-all-errors", "try again after every error"],
    ["-L, --location", "follow redirects within the upstream"],
    ["--max-redirs <times>", "follow at most so many; 50", toCount],
    ["--noproxy <hosts>", "do without the environment's proxy for these; '*' for all"],
    ["-4, --ipv4", "use IPv4 where the name has such an address"],
    ["-6, --ipv6", "use IPv6 where the name has such an address"],
  ],
  "Remarks, as in curl:": [
    ["-s, --silent", "no error messages, no progress meter"],
    ["-S, --show-error", "error messages in spite of -s"],
    ["-v, --verbose", "show the heads, without the key; with --ws the frames"],
    ["-#, --progress-bar", "a bar instead of the meter"],
    ["--no-progress-meter", "no progress meter"],
    ["--stderr <file>", "write remarks to a file; - is standard output"],
  ],
};

/** Options that ask for what happens anyway. */
export const granted = [
  ...["-N, --no-buffer", "-g, --globoff", "-q, --disable", "--http1.1", "--http2"],
  ...["--path-as-is", "--tcp-nodelay", "--no-keepalive", "--ssl-reqd", "--tlsv1.2"],
];

/** Other spellings, in curl, of what the relay calls this. */
export const synonyms: Record<string, string> = {
  "-x": "--proxy",
  "--cacert": "--ca",
  "--data-ascii": "--data",
};

/** The pieces of a body share one list, for their order on the command line counts. */
function piece(kind: BodyPart["kind"]): NonNullable<Row[2]> {
  return (value: string, before: BodyPart[] = []) => [...before, { kind, value }];
}
