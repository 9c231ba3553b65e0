import type { Answer } from "../client/ask.ts";
import type { Loaded } from "../config/load.ts";
import { headerOf } from "../header-list.ts";
import { isOpenAi, printable, sayingOf } from "./answer.ts";
import { CheckFailure } from "./step.ts";

/** Whose key it is that was not let in, and what was sent along. */
export type Sent = {
  upstream: string;
  /** Where the key comes from; absent: a relay that runs put it on. */
  keySource: string | undefined;
  /** The settings of which it was sent; absent as above. */
  loaded: Loaded | undefined;
};

type Rule = { status: number; pattern: RegExp; what?: string; hint: (sent: Sent) => string };

const settingsPage = "https://platform.openai.com/settings";

/** What a refusal means, by status and by what is said; the first that fits. */
const rules: readonly Rule[] = [
  {
    status: 401,
    pattern: /organization/i,
    what: "the key is not one of this organization",
    hint: (sent) => `${settingOf("organization", sent)} Correct it, or leave it out.`,
  },
  {
    status: 401,
    pattern: /project/i,
    what: "the key is not one of this project",
    hint: (sent) => `${settingOf("project", sent)} Correct it, or leave it out.`,
  },
  { status: 401, pattern: /^/, what: "the key is rejected", hint: otherKey },
  {
    status: 403,
    pattern: /country|region|territory/i,
    hint: () => "OpenAI does not serve the country that this network is in: check VPN and proxy.",
  },
  {
    status: 403,
    pattern: /\bip\b|ip_|address/i,
    hint: () => `Let this network's address in: ${settingsPage}/organization/security.`,
  },
  {
    status: 403,
    pattern: /scope|permission/i,
    hint: () => "Give the key that permission at https://platform.openai.com/api-keys.",
  },
  {
    status: 403,
    pattern: /project|archived/i,
    hint: (sent) => `${settingOf("project", sent)} Check it at ${settingsPage}.`,
  },
  {
    status: 403,
    pattern: /^/,
    hint: () =>
      "The key's project, role, network or country does not allow it: see its permissions.",
  },
  {
    status: 429,
    pattern: /insufficient_quota|billing/,
    hint: () => `Check the plan and the bill at ${settingsPage}/organization/billing.`,
  },
];

/** Throws when the key was not let in. */
export function refuseDenied(answer: Answer, sent: Sent): void {
  const { status, headers } = answer;
  const said = sayingOf(answer);
  const rule = rules.find((one) => one.status === status && one.pattern.test(said));
  const text = `${status} ${said}`.trim();
  if (status === 401) throw new CheckFailure(4, `${rule!.what}: ${text}`, rule!.hint(sent));
  if (status === 403)
    throw new CheckFailure(5, `the key is not allowed to do this: ${text}`, rule!.hint(sent));
  if (status !== 429) return;
  const after = headerOf(headers, "retry-after");
  const wait = `Too many requests with this key: try again ${after ? `after ${printable(after)} s` : "later"}.`;
  throw new CheckFailure(5, `the key is over its limit: ${text}`, rule?.hint(sent) ?? wait);
}

function otherKey({ upstream, keySource }: Sent): string {
  if (keySource === undefined) return "Correct the key where that relay is started.";
  const make = isOpenAi(upstream)
    ? ", or make a new one at https://platform.openai.com/api-keys"
    : ", or ask those who run the upstream for one";
  return `The key is that of ${keySource}: correct it there${make}.`;
}

/** Where the header came from that was sent along. */
function settingOf(name: "organization" | "project", { loaded }: Sent): string {
  const value = loaded?.config[name];
  if (!value) return `The key's own ${name} is in force (${name} is not set here).`;
  return `${name} is "${value}" (${loaded.origins[name]}).`;
}
