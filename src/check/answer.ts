import type { Answer } from "../client/ask.ts";
import { headerOf } from "../header-list.ts";
import { CheckFailure } from "./step.ts";

type Meaning = [exitCode: number, hint: string];

const waitHint = "Try again in a while; https://status.openai.com tells of OpenAI's troubles.";
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
export function relayFailure(code: string, message: string): CheckFailure {
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
  if (code) throw relayFailure(code, sayingOf(answer) || code);
}

/** Throws unless an OpenAI API answered, whatever it had to say about the key. */
export function refuseOthers(answer: Answer, origin: string): void {
  const { status, headers, body } = answer;
  const asked = `GET /v1/models → ${status}`;
  if (/^\s*</.test(body.subarray(0, 200).toString("latin1"))) {
    const hint =
      "A login page of the network, or upstream is wrong: it must be the API's own address.";
    throw new CheckFailure(8, `${asked}, a web page instead of an OpenAI API`, hint);
  }
  if (status >= 500) throw new CheckFailure(8, `${asked} ${sayingOf(answer)}`.trim(), waitHint);
  if (status >= 300 && status < 400) {
    const to = headerOf(headers, "location") ?? "nowhere";
    throw new CheckFailure(
      8,
      `${asked}, redirected to ${printable(to)}`,
      "Set upstream to where the API is.",
    );
  }
  if ([401, 403, 429].includes(status)) return;
  if (status !== 200 || !modelsOf(answer)) {
    const hint = `Check upstream: at ${origin} there is no OpenAI API.`;
    throw new CheckFailure(8, `${asked} ${sayingOf(answer)}, which is no list of models`, hint);
  }
}

/** Throws when the key was not let in. */
export function refuseDenied(answer: Answer): void {
  const { status, headers } = answer;
  const said = `${status} ${sayingOf(answer)}`.trim();
  if (status === 401) {
    const hint =
      "Make a new key at https://platform.openai.com/api-keys, or check which one is set.";
    throw new CheckFailure(4, `the key is rejected: ${said}`, hint);
  }
  if (status === 403) {
    const hint =
      "The key's project, role, network or country does not allow it: see its permissions.";
    throw new CheckFailure(5, `the key is not allowed to do this: ${said}`, hint);
  }
  if (status !== 429) return;
  const after = headerOf(headers, "retry-after");
  const hint = /insufficient_quota/.test(said)
    ? "Check the plan and the bill at https://platform.openai.com/settings/organization/billing."
    : `Too many requests with this key: try again ${after ? `after ${printable(after)} s` : "later"}.`;
  throw new CheckFailure(5, `the key is over its limit: ${said}`, hint);
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
export function sayingOf({ body }: Answer): string {
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
function printable(text: string): string {
  return text
    .replace(/\p{C}+/gu, " ")
    .replace(/\b(?:sk|ek)-[\w*.-]{4,}/g, "[key]")
    .slice(0, 200);
}
