import { createToken, isExpired, storedTokens } from "./client-tokens.ts";
import { display } from "./folders.ts";
import { allSettings } from "./names.ts";
import { trust } from "./trust.ts";
import { type Choices, expectNoFile, type Format, writeFirstFile } from "./write.ts";

type Wish = { cwd: string; env: NodeJS.ProcessEnv; ask: boolean; format: Format };

/** Makes a first config file, and what it needs to work: its trust, and a token where it asks for one. */
export async function initialize({ cwd, env, ask, format }: Wish) {
  await expectNoFile(cwd);
  const chosen: Choices = ask ? await (await import("./ask.ts")).askForSettings(cwd) : {};
  const file = writeFirstFile(cwd, chosen, format);
  if (Object.keys(chosen).some((path) => allSettings.get(path)!.trusted)) trust(file, env);
  return { file: display(file, cwd), remarks: tokenFor(chosen, env) };
}

function tokenFor({ requireToken, host }: Choices, env: NodeJS.ProcessEnv): string[] {
  const isAsked = requireToken === true || host !== undefined;
  if (!isAsked || storedTokens(env).some((token) => !isExpired(token))) return [];
  const { token, stored } = createToken(env, {});
  return [`A token that lets a client in ("${stored.name}"), shown this once: ${token}`];
}
