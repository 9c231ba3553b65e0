import { Command } from "commander";
import { createToken, isExpired, removeToken, storedTokens } from "../config/client-tokens.ts";
import { UsageError } from "../config/error.ts";
import { toExpiry } from "../config/expiry.ts";
import { masked } from "../config/shown.ts";

type Wish = { name?: string; expires?: Date };

export const token = new Command("token")
  .description("Make, list and remove tokens that let clients in")
  .addHelpText(
    "after",
    `
A client shows its token where it would show a key. The relay asks for one where others can reach it
(any --host but loopback), or with --require-token; its name stands in the log. Running relays take
notice at once.

Examples:
  relay token new --name ci --expires 30d
  OPENAI_API_KEY=$(relay token new) npm test
  relay token ls
  relay token rm ci`,
  );

token
  .command("new")
  .description("Make a token and print it, this once: only its hash is kept")
  .addHelpText(
    "after",
    `
Examples:
  relay token new --name ci --expires 30d
  export OPENAI_API_KEY=$(relay token new)`,
  )
  .option("--name <name>", "what the log calls it (default: client-1, client-2, …)", toName)
  .option("--expires <when>", "a time from now (12h, 30d) or a date (default: never)", toDate)
  .action((wish: Wish) => {
    const { token, stored } = createToken(process.env, wish);
    const until = stored.expires ? `until ${toMinute(stored.expires)}` : "until it is removed";
    process.stderr.write(
      `Token "${stored.name}" lets clients in ${until}. It is shown this once.\n`,
    );
    process.stdout.write(`${token}\n`);
  });

token
  .command("ls")
  .description("List the tokens by name")
  .addHelpText("after", "\nExamples:\n  relay token ls\n  relay token ls --json")
  .option("--json", "print a JSON array")
  .action(({ json }: { json?: true }) => {
    const tokens = storedTokens(process.env).map(({ sha256: _, ...token }) => {
      return { ...token, expired: isExpired(token) };
    });
    if (json) process.stdout.write(`${JSON.stringify(tokens)}\n`);
    else if (tokens.length === 0)
      process.stderr.write('There are no tokens. "relay token new" makes one.\n');
    else {
      const rows = tokens.map(({ name, created, expires, expired }) => {
        const end = expires ? toMinute(expires) : "never";
        return [name, toMinute(created), expired ? `${end} (expired)` : end] as const;
      });
      const width = Math.max(...rows.map(([name]) => name.length), 4);
      for (const [name, made, end] of [["NAME", "CREATED", "EXPIRES"], ...rows])
        process.stdout.write(`${name!.padEnd(width)}  ${made!.padEnd(17)}  ${end}\n`);
    }
  });

token
  .command("rm")
  .description("Remove a token: it lets nobody in from the next request on")
  .addHelpText("after", "\nExamples:\n  relay token rm ci")
  .argument("<name>")
  .action((name: string) => {
    const removed = removeToken(process.env, name);
    if (!removed)
      throw new UsageError(`There is no token named ${JSON.stringify(name)}; see relay token ls.`);
    const rest = "Answers that are under way run to their end.";
    process.stderr.write(`Token "${removed.name}" is removed. ${rest}\n`);
  });

function toName(text: string): string {
  // It stands in the log: no key or token must be taken for one.
  if (/^[a-z0-9][\w.@-]{0,63}$/i.test(text) && masked(text) === text) return text;
  throw new UsageError(
    "--name: take up to 64 letters, digits, dots, dashes, underscores and @, a letter or digit first",
  );
}

function toDate(text: string): Date {
  const date = toExpiry(text, new Date());
  if (!date)
    throw new UsageError(
      '--expires: give a time from now such as "12h" or "30d", or a date such as "2030-01-31"',
    );
  if (date.getTime() > Date.now()) return date;
  throw new UsageError(`--expires: ${toMinute(date.toISOString())} has passed`);
}

/** UTC, without what nobody reads. */
function toMinute(time: string): string {
  return `${time.slice(0, 16)}Z`;
}
