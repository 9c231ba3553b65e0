import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pkg from "pkg/package.json" with { type: "json" };
import manifest from "../../package.json" with { type: "json" };
import { commitOf } from "../commit.ts";
import { assemble } from "./assemble.ts";
import { examine } from "./examine.ts";
import { programIn, unpackNode } from "./node-package.ts";
import { fileOf, makers, type NodePackage, type Target, targets } from "./targets.ts";

// Writes release/: the relay and Node in one file for each target, out of dist/cli.cjs.
const root = join(import.meta.dirname, "../..");
process.chdir(root);
const { values } = parseArgs({ options: { target: { type: "string", multiple: true } } });
const asked = values.target ? values.target.map(targetOf) : targets;
const host = `${process.platform}-${process.arch}`;
if (host !== "linux-x64") throw new Error("Executables are built on Linux for x64 only.");

const cache = join(root, "node_modules/.cache/single");
mkdirSync(cache, { recursive: true });
mkdirSync("release", { recursive: true });
for (const file of readdirSync("release").filter((name) =>
  /^(openai-relay-|SHA256|manifest)/.test(name),
))
  rmSync(join("release", file));

const bundle = readFileSync("dist/cli.cjs");
const folders = new Map<string, string>();
const executables = [];
for (const target of asked) executables.push(await build(target));

const { version } = manifest;
const facts = {
  version,
  commit: commitOf(),
  pkg: pkg.version,
  bundle: hashOf(bundle),
  executables,
};
writeFileSync("release/manifest.json", `${JSON.stringify(facts, null, 2)}\n`);
writeFileSync("release/licences.txt", await licences());
const sums = [...executables.map(({ file }) => file), "licences.txt", "manifest.json"].map(
  (file) => `${hashOf(readFileSync(join("release", file)))}  ${file}\n`,
);
writeFileSync("release/SHA256SUMS", sums.join(""));
// They are large, and unpacked anew each time.
for (const folder of folders.values()) rmSync(folder, { recursive: true });

async function build(target: Target) {
  const { name, node } = target;
  const file = fileOf(target);
  console.log(`${name}: ${node.name} ${node.version}`);
  const maker = makers.find(({ version }) => version === node.version)!;
  const output = join(root, "release", file);
  const isCompiled = name === host;
  await assemble(target, {
    program: programIn(await folderOf(node)),
    maker: programIn(await folderOf(maker)),
    bundle,
    isCompiled,
    folder: join(cache, "assembling"),
    output,
  });
  const bytes = readFileSync(output);
  const size = bytes.length;
  examine(bytes, target, bundle, root);
  console.log(`${name}: release/${file}, ${(size / 1e6).toFixed(1)} MB`);
  const signature = target.system === "macos" ? "ad-hoc" : "none";
  const sha256 = hashOf(bytes);
  return { target: name, file, node: node.version, isCompiled, signature, size, sha256 };
}

async function folderOf(node: NodePackage): Promise<string> {
  const label = `${node.name} ${node.version}`;
  const folder = folders.get(label) ?? (await unpackNode(node, cache));
  folders.set(label, folder);
  return folder;
}

/** Of all that is in the executables: what is bundled, and Node with what that has in it. */
async function licences(): Promise<string> {
  const used = makers.filter(({ version }) => asked.some(({ node }) => node.version === version));
  const texts = used.map(async (maker) => {
    const text = readFileSync(join(await folderOf(maker), "LICENSE"), "utf8");
    return `Node.js ${maker.version}\n\n${text.trim()}\n`;
  });
  const own = ["LICENSE", "dist/licences.txt"].map((file) => readFileSync(file, "utf8"));
  return [...own, ...(await Promise.all(texts))].join(`\n${"-".repeat(80)}\n\n`);
}

function targetOf(name: string): Target {
  const target = targets.find((one) => one.name === name);
  const names = targets.map(({ name }) => name).join(", ");
  if (!target) throw new Error(`There is no target ${name}. There are ${names}.`);
  return target;
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
