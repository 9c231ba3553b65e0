import { run } from "./run.ts";
import { versioned } from "./version.ts";

const git = (...args: string[]) => run("git", args);
const ask = (...args: string[]) =>
  run("git", args, { stdio: ["ignore", "pipe", "ignore"] }).catch(() => undefined);

export type Commit = { subject: string; files: string[] };

/** Why nothing may be released from here as it is; `undefined`: it may. */
export async function obstacle(): Promise<string | undefined> {
  if ((await ask("rev-parse", "HEAD")) === undefined)
    return "This is no git repository with a commit.";
  if ((await git("rev-parse", "--is-shallow-repository")) === "true")
    return "Only the newest commits are here. Run: git fetch --unshallow --tags";
  const changes = await git("status", "--porcelain");
  if (changes === "") return undefined;
  return `There are changes that no commit has. Commit them or put them away (git stash -u):\n${changes}`;
}

export async function hasTag(tag: string): Promise<boolean> {
  return (await ask("rev-parse", "--verify", `refs/tags/${tag}`)) !== undefined;
}

export async function isTagged(tag: string): Promise<boolean> {
  return (await git("tag", "--points-at", "HEAD")).split("\n").includes(tag);
}

/** The tag of the release before; `undefined`: there was none. */
export function lastTag(but: string): Promise<string | undefined> {
  return ask("describe", "--tags", "--abbrev=0", "--match=v[0-9]*", `--exclude=${but}`);
}

/** What was done since, the newest first. */
export async function commitsSince(tag: string | undefined): Promise<Commit[]> {
  const range = tag === undefined ? "HEAD" : `${tag}..HEAD`;
  const log = await git("log", "--no-merges", "--name-only", "--format=%x00%s", range);
  return log
    .split("\0")
    .slice(1)
    .map((entry) => {
      const [subject = "", ...files] = entry.split("\n").filter((line) => line !== "");
      return { subject, files };
    });
}

/** What its maker wrote to a tag, below the title; `undefined` where it has no message of its own. */
export async function messageOf(tag: string): Promise<string | undefined> {
  const format = "--format=%(if:equals=tag)%(objecttype)%(then)%(contents:body)%(end)";
  return (await git("for-each-ref", format, `refs/tags/${tag}`)).trim() || undefined;
}

/** The address for the package's manifest, where npm's proof of origin wants to find it. */
export async function address(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = env;
  if (server && name) return `git+${server}/${name}.git`;
  const origin = await ask("remote", "get-url", "origin");
  const [, host, path] =
    /^(?:https:\/\/|git@|ssh:\/\/git@)([\w.-]+)[:/](.+?)(?:\.git)?$/.exec(origin ?? "") ?? [];
  return host && `git+https://${host}/${path}.git`;
}

/** Commits the version and tags it, with the notes as the tag's message: both, or nothing. */
export async function commitAndTag(version: string, notes: string): Promise<void> {
  await git("commit", "--quiet", "-m", `Release ${version}`, "--", ...versioned);
  try {
    const message = `openai-relay ${version}\n\n${notes}`;
    // As it is: git takes lines with # for comments else.
    await git("tag", "--annotate", "--cleanup=verbatim", "-m", message, `v${version}`);
  } catch (error) {
    await git("reset", "--quiet", "--soft", "HEAD~1");
    throw error;
  }
}

/** The versions as they were in that commit. */
export async function restoreVersions(commit: string): Promise<void> {
  await git("checkout", "--quiet", commit, "--", ...versioned);
}

export function headCommit(): Promise<string> {
  return git("rev-parse", "HEAD");
}
