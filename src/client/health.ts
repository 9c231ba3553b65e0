import type { Config } from "../config/settings.ts";
import { headerOf } from "../header-list.ts";
import { urlOf } from "../server/listen.ts";
import { type Answer, ask } from "./ask.ts";
import { createRemote } from "./remote.ts";

/** What the relay on the port of the settings answers; `undefined`: there is none, or it is no relay. */
export async function healthOf(config: Config, patienceMs: number): Promise<Answer | undefined> {
  const url = new URL(urlOf(config, config.port));
  const signal = AbortSignal.timeout(patienceMs);
  const question = { target: "/_relay/health", headers: ["Host", url.host], signal };
  const remote = createRemote(url, config);
  const answer = await ask(remote, question).catch(() => undefined);
  if (!answer) return undefined;
  const isRelay = answer.status === 200 ? isHealth(answer) : isRefusal(answer);
  return isRelay ? answer : undefined;
}

function isHealth({ body }: Answer): boolean {
  return body.toString().startsWith('{"status":"ok"');
}

function isRefusal({ headers }: Answer): boolean {
  return headerOf(headers, "x-relay-error") !== undefined;
}
