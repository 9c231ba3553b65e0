import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments, usage, type Wish } from "./arguments.ts";
import { notesOf } from "./notes.ts";
import { packPackage } from "./package.ts";
import {
  address,
  commitAndTag,
  commitsSince,
  hasTag,
  headCommit,
  isTagged,
  lastTag,
  messageOf,
  obstacle,
  restoreVersions,
} from "./repository.ts";
import { runScript } from "./run.ts";
import { sbomOfExecutables } from "./sbom.ts";
import { currentVersion, isLater, nextVersion, writeVersion } from "./version.ts";

// npm run release: the version, its notes, and in release/ all files of it; then a commit and a tag, which
// the release workflow publishes once they are pushed. What fails leaves the repository as it was.

/** Everything of the release lies here when it is whole, and else nothing. */
const folder = "release";

try {
  const wish = readArguments(process.argv.slice(2), process.env);
  if (wish.help) process.stdout.write(usage);
  else await release(wish);
} catch (error) {
  process.stderr.write(`\nNothing is released. ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function release(wish: Wish): Promise<void> {
  const hindrance = await obstacle();
  if (hindrance) throw new Error(hindrance);
  const version = await decide(wish);
  const notes = await notesFor(version, wish);
  const start = await headCommit();
  if (!wish.skipChecks) await runScript("check");

  try {
    writeVersion(version);
    await make(notes);
    if (wish.dryRun || wish.tagged) await restoreVersions(start);
    else await commitAndTag(version, notes);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    await restoreVersions(start);
    throw error;
  }
  for (const file of readdirSync(folder)) process.stdout.write(`${join(folder, file)}\n`);
  process.stderr.write(`\n${conclude(version, wish)}\n`);
}

/** The version to release. Throws where that cannot be. */
async function decide({ version: wish, tagged, dryRun }: Wish): Promise<string> {
  const current = currentVersion();
  if (tagged) {
    if (await isTagged(`v${current}`)) return current;
    throw new Error(`The commit here has no tag v${current}, the version of package.json.`);
  }
  const isNew = !(await hasTag(`v${current}`));
  if (wish === undefined && !isNew && !dryRun)
    throw new Error(`${current} is released already. Name the version:\n\n${usage}`);
  const version = nextVersion(current, wish ?? (isNew ? current : "patch"));
  const last = (await lastTag(`v${version}`))?.slice(1);
  if (await hasTag(`v${version}`)) throw new Error(`There is a tag v${version} already.`);
  if (last !== undefined && !isLater(version, last))
    throw new Error(`${version} does not come after ${last}, the release before.`);
  return version;
}

async function notesFor(version: string, { notes, tagged }: Wish): Promise<string> {
  if (notes !== undefined) return readFileSync(notes, "utf8");
  const written = tagged ? await messageOf(`v${version}`) : undefined;
  if (written) return `${written}\n`;
  return notesOf(await commitsSince(await lastTag(`v${version}`)), version);
}

/** Makes all files of the release. */
async function make(notes: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await runScript("build");
  await runScript("build:single");
  await packPackage(".", folder, await address(process.env));
  writeFileSync(join(folder, "sbom.cdx.json"), sbomOfExecutables());
  writeFileSync(join(folder, "notes.md"), notes);
  writeFileSync(join(folder, "SHA256SUMS"), sums());
}

/** As sha256sum writes and checks them. The notes are no file that one downloads. */
function sums(): string {
  const files = readdirSync(folder).filter((file) => !/^(?:SHA256SUMS|notes\.md)$/.test(file));
  const lines = files.sort().map((file) => {
    const bytes = readFileSync(join(folder, file));
    return `${createHash("sha256").update(bytes).digest("hex")}  ${file}\n`;
  });
  return lines.join("");
}

function conclude(version: string, { dryRun, tagged }: Wish): string {
  if (dryRun) return `This would be ${version}. Nothing is committed, tagged or published.`;
  if (tagged) return `These are the files of ${version}.`;
  return `${version} is committed and tagged here. To publish it, push both; the release workflow does the rest:
  git push --atomic origin HEAD v${version}
To take it back before that:
  git tag -d v${version} && git reset --hard HEAD~1`;
}
