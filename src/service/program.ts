import { existsSync, realpathSync } from "node:fs";
import { isSea } from "node:sea";
import { ExitError } from "../exit.ts";

type Self = Pick<NodeJS.Process, "execPath" | "argv">;

/** Folders of npx and its like, which are emptied without asking. */
const cache = /[\\/](?:_npx|dlx(?:-[^\\/]*)?)[\\/]/;

/** The command line that starts this very relay again, from anywhere: a Node and its script, or one executable. */
export function ownProgram(self: Self = process, isOneFile = isSea()): string[] {
  const node = lasting(self.execPath);
  const program = isOneFile ? [node] : [node, realpathSync(self.argv[1]!)];
  if (cache.test(program.at(-1)!)) throw new ExitError(1, fromCache);
  return program;
}

/** Homebrew keeps each version in a folder of its own, and a link to the newest one beside them. */
function lasting(node: string): string {
  const link = node.replace(/\/Cellar\/([^/]+)\/[^/]+\//, "/opt/$1/");
  return existsSync(link) ? link : node;
}

const fromCache =
  "This relay runs from the cache of npx, which is emptied at any time. Install it first: npm install -g openai-relay";
