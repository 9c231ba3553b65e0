import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders of the packages that the files belong to, each once. */
export function packagesOf(files: string[]): string[] {
  const folders = files.map((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** Whoever gets a copy may use it for whatever they like. */
const permissive = [
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
];

/** Their licences ask for it: whoever gets a copy gets these texts. */
export function licencesOf(packages: string[]): string {
  return packages.map(licenceOf).join(`\n${"-".repeat(80)}\n\n`);
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (!permissive.includes(license))
    throw new Error(`${name} ${version} must not be in the bundle: its licence is ${license}.`);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
}
