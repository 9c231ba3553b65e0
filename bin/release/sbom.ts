import { existsSync, readFileSync } from "node:fs";

type Executable = { node: string };

/** What is in the executables, in CycloneDX: what is in the bundle, and Node. */
export function sbomOfExecutables(): string {
  const sbom = JSON.parse(readFileSync("dist/sbom.cdx.json", "utf8"));
  const { ref, dependsOn } = sbom.dependencies.find(
    ({ ref }: { ref: string }) => ref === sbom.metadata.component["bom-ref"],
  );
  const nodes = nodeVersions().map((version) => ({
    "bom-ref": `node@${version}`,
    type: "platform",
    name: "node",
    version,
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: "MIT" } }],
  }));
  const refs = nodes.map((node) => node["bom-ref"]);
  sbom.components.push(...nodes);
  sbom.dependencies = [
    ...sbom.dependencies.filter((one: { ref: string }) => one.ref !== ref),
    { ref, dependsOn: [...dependsOn, ...refs] },
    ...refs.map((node) => ({ ref: node, dependsOn: [] })),
  ];
  return `${JSON.stringify(sbom, null, 1)}\n`;
}

function nodeVersions(): string[] {
  const file = "release/manifest.json";
  if (!existsSync(file)) return [];
  const { executables }: { executables: Executable[] } = JSON.parse(readFileSync(file, "utf8"));
  return [...new Set(executables.map(({ node }) => node))].sort();
}
