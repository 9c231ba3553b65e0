import { parseArgs } from "node:util";

export const usage = `npm run release -- [patch|minor|major|1.2.3] [options]

  --dry-run      make everything in release/, but no commit and no tag
  --tagged       make release/ for the version that is tagged here, as the release workflow does
  --notes FILE   take the notes from this file, release/notes.md as edited for users, say
  --skip-checks  do not run "npm run check": it ran on this commit already

Without a version: that of package.json where it has no tag yet; in a dry run else the next patch.
`;

export type Wish = {
  version: string | undefined;
  dryRun: boolean;
  tagged: boolean;
  notes: string | undefined;
  skipChecks: boolean;
  help: boolean;
};

/** What the command line asks for. Throws where it cannot be understood. */
export function readArguments(args: string[], env: NodeJS.ProcessEnv): Wish {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "dry-run": { type: "boolean", default: false },
      tagged: { type: "boolean", default: false },
      notes: { type: "string" },
      "skip-checks": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (positionals.length > 1 || (values.tagged && positionals.length > 0))
    throw new Error("There is one version to name, and none with --tagged.");
  return {
    version: positionals[0],
    // "npm run release --dry-run", without the two dashes in between, tells npm and not us.
    dryRun: values["dry-run"] || env.npm_config_dry_run === "true",
    tagged: values.tagged,
    notes: values.notes,
    skipChecks: values["skip-checks"],
    help: values.help,
  };
}
