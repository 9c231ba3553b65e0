import type { Answer } from "../client/ask.ts";
import type { RelayError } from "../errors.ts";
import { headerOf } from "../header-list.ts";
import { CheckFailure } from "./step.ts";

type Meaning = [exitCode: number, hint: string];

const networkHint = "Run relay check without --relay to see which part of the way is broken.";

/** What the relay's own failures mean here, by code. */
const relayFailures: Record<string, Meaning> = {
  key_missing: [
    4,
    "Set OPENAI_API_KEY, or name a file with --key-file, where the relay is started.",
  ],
  invalid_relay_token: [4, "Name one of its tokens in RELAY_TOKENS."],
  upstream_dns: [6, networkHint],
  upstream_refused: [7, networkHint],
  upstream_tls: [7, networkHint],
  upstream_timeout: [7, "Check the firewall and the proxy, or raise the timeout that it names."],
  upstream_reset: [7, "A firewall or a proxy may cut the connection; else try again."],
  upstream_bad_response: [8, "Check upstream: what answers there is not an OpenAI API."],
};

/** A failure that the relay named, here or in its answer. */
export function relayFailure({ code, message }: Pick<RelayError, "code" | "message">) {
  const [exitCode, hint] = relayFailures[code] ?? [
    8,
    "The relay's settings do not let this call pass.",
  ];
  // This is that command.
  return new CheckFailure(exitCode, message.replace(/ Run "relay check".*$/, ""), hint);
}

/** Throws when it was the relay that answered, with an error of its own. */
export function refuseRelayError(answer: Answer): void {
  const code = headerOf(answer.headers, "x-relay-error");
  if (code) throw relayFailure({ code, message: sayingOf(answer) || code });
}

/** Throws unless an OpenAI API answered, whatever it had to say about the key. */
export function refuseOthers(answer: Answer, upstream: string, asked = "GET /v1/models"): void {
  const { status, headers } = answer;
  const said = sayingOf(answer);
  const what = `${asked} → ${status}${said && ` ${said}`}`;
  if (isPage(answer)) {
    const hint =
      "A login page of the network, or upstream is wrong: it must be the API's own address.";
    throw new CheckFailure(8, `${what}, a web page instead of an OpenAI API`, hint);
  }
  if (status >= 500) throw new CheckFailure(8, what, whoseFault(upstream));
  if (status >= 300 && status < 400) {
    const to = printable(headerOf(headers, "location") ?? "nowhere");
    const hint = "Set upstream to where the API is.";
    throw new CheckFailure(8, `${what}, redirected to ${to}`, hint);
  }
}

/** Throws unless it is a list of models, or a refusal that concerns the key. */
export function refuseNoList(answer: Answer, upstream: string): void {
  const { status } = answer;
  refuseOthers(answer, upstream);
  if ([401, 403, 429].includes(status) || (status === 200 && modelsOf(answer))) return;
  const said = sayingOf(answer);
  const what = `GET /v1/models → ${status}${said && ` ${said}`}, which is no list of models`;
  throw new CheckFailure(8, what, `Check upstream: at ${upstream} there is no OpenAI API.`);
}

export function isOpenAi(upstream: string): boolean {
  return /^https:\/\/(?:[\w.-]+\.)?openai\.com(?:[:/]|$)/.test(upstream);
}

function whoseFault(upstream: string): string {
  return isOpenAi(upstream)
    ? "Try again in a while; https://status.openai.com tells of OpenAI's troubles."
    : `Try again in a while, or look into the log of what runs at ${upstream}.`;
}

/** A web page came instead of data. */
export function isPage({ body }: Answer): boolean {
  return /^\s*</.test(body.subarray(0, 200).toString("latin1"));
}

/** The names of the models, if the answer is a list of them. */
export function modelsOf({ body }: Answer): string[] | undefined {
  const { data } = fromJson(body) as { data?: unknown };
  if (!Array.isArray(data)) return undefined;
  return data.flatMap((model: { id?: unknown } | null) =>
    typeof model?.id === "string" ? model.id : [],
  );
}

/** Code and message of an error in OpenAI's shape, for one line on a terminal. */
export function sayingOf({ body }: Pick<Answer, "body">): string {
  const { error } = fromJson(body) as { error?: { code?: unknown; message?: unknown } };
  const parts = [error?.code, error?.message].filter((part) => typeof part === "string");
  return printable(parts.join(": "));
}

function fromJson(body: Buffer): object {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Without control characters, and without a key that somebody quotes back at us. */
export function printable(text: string): string {
  return text
    .replace(/\p{C}+/gu, " ")
    .replace(/\b(?:sk|ek)-[\w*.-]{4,}/g, "[key]")
    .slice(0, 200);
}
