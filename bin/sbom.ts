import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

type Component = { "bom-ref": string; name: string; version: string; [field: string]: unknown };
type Sbom = {
  metadata: { component: Component; [field: string]: unknown };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
  [field: string]: unknown;
};

/** npm's CycloneDX list of all that the lock file names. */
export async function listLocked(): Promise<Sbom> {
  const args = ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application"];
  const npm = process.env.npm_execpath;
  const [program, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const shell = !npm && process.platform === "win32";
  const options = { shell, maxBuffer: 64 * 1024 ** 2 };
  const run = promisify(execFile);
  const { stdout } = await run(program, [...first, ...args, "--package-lock-only"], options);
  return JSON.parse(stdout);
}

/** What of it is in the bundle: the packages in these folders. The same input gives the same bytes. */
export function sbomOf(locked: Sbom, folders: string[]): string {
  const { serialNumber: _, metadata, components, dependencies, ...rest } = locked;
  const { timestamp: __, ...facts } = metadata;
  const bundled = new Set(folders.map(refOf));
  const inside = components.filter((component) => bundled.has(component["bom-ref"]));
  if (inside.length < bundled.size) throw new Error("The lock file does not name all packages.");
  // npm calls the program by its folder, and all that is bundled optional.
  const self = { ...metadata.component, name: "openai-relay" };
  const parts = inside.map(({ properties: _, ...part }) => ({ ...part, scope: "required" }));
  const known = (ref: string) => bundled.has(ref) || ref === self["bom-ref"];
  const edges = dependencies
    .filter(({ ref }) => known(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(known) }));
  const sbom = {
    ...rest,
    metadata: { ...facts, lifecycles: [{ phase: "build" }], component: self },
    components: parts,
    dependencies: edges,
  };
  return `${JSON.stringify(sbom, null, 1)}\n`;
}

function refOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name}@${version}`;
}
