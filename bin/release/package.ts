import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { run } from "./run.ts";

/** What npm's manifest says to people who develop the relay, and to nobody else. */
const ofTheRepository = ["scripts", "devDependencies", "workspaces", "allowScripts"];
const always = ["README.md", "LICENSE"];

/**
 * Packs what is built as npm publishes it, and returns the tarball's path. Its manifest has no scripts, and
 * names the `repository`, without which npm refuses the proof of where it was built.
 */
export async function packPackage(root: string, into: string, repository?: string) {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const field of ofTheRepository) delete manifest[field];
  if (repository !== undefined) manifest.repository = { type: "git", url: repository };
  const folder = mkdtempSync(join(tmpdir(), "relay-pack-"));
  try {
    for (const name of [...manifest.files, ...always]) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    forEverybody(folder);
    const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", resolve(into)];
    return join(into, await run("npm", args, { cwd: folder }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whoever packs it, and with whatever umask: the same bytes. */
function forEverybody(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isProgram = entry.isDirectory() || (statSync(path).mode & 0o100) !== 0;
    chmodSync(path, isProgram ? 0o755 : 0o644);
  }
}
