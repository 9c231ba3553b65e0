import { copyFileSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { checkSchema } from "../src/check/report.ts";
import { jsonSchema } from "../src/config/json-schema.ts";
import { scriptJsonSchema } from "../src/mock/script/json-schema.ts";
import { commandNames, createProgram } from "../src/program.ts";
import { tapeSchema } from "../src/tape/schema.ts";
import { commitOf } from "./commit.ts";
import { licencesOf, packagesOf } from "./licences.ts";
import { manPage } from "./man.ts";
import { buildPage } from "./page.ts";
import { listLocked, sbomOf } from "./sbom.ts";

// Writes dist/: the relay with all its libraries in one file, so that npx installs one package.
process.chdir(join(import.meta.dirname, ".."));
mkdirSync("dist", { recursive: true });

const slimUndici: Plugin = {
  name: "slim undici",
  setup({ onResolve }) {
    onResolve({ filter: /^undici$/ }, () => ({
      path: join(import.meta.dirname, "undici-slim.cjs"),
    }));
  },
};

// Takes npm a while; nobody has to wait for it who only wants to start the relay.
const locked = process.argv.includes("--no-sbom") ? undefined : listLocked();
locked?.catch(() => {});

const { inputs: pageInputs, ...page } = await buildPage();

const forNode = {
  bundle: true,
  platform: "node",
  // Where a package has ES modules too, what nobody uses of them stays out.
  mainFields: ["module", "main"],
  target: "node22.19",
  // Not ESM, which would load every built-in module of every library at start.
  format: "cjs",
  // Names are not kept: that would define a property on every closure of every request.
  minify: true,
  // An uncaught error prints the whole source line.
  lineLimit: 200,
  legalComments: "none",
  metafile: true,
  // Only what runs from its source asks for it.
  logOverride: { "empty-import-meta": "silent" },
  alias: {
    // cosmiconfig requires it and we import it: one copy is enough.
    "js-yaml": "./node_modules/js-yaml/dist/js-yaml.mjs",
    "@modelcontextprotocol/server/_shims": "./bin/mcp-slim.mjs",
  },
  plugins: [slimUndici],
} as const satisfies BuildOptions;

// undici's own switch, as Node is built with it: leaves its experimental second parser out.
const define = {
  esbuildDetection: "true",
  BUILT_FROM: JSON.stringify({ commit: commitOf() }),
};

// A thread is started from text: neither a bundle nor an executable has a file for it.
const thread = await build({
  ...forNode,
  define,
  entryPoints: ["src/journal/thread.ts"],
  write: false,
});

const { metafile, outputFiles } = await build({
  ...forNode,
  define: {
    ...define,
    INSPECTOR_PAGE: JSON.stringify(JSON.stringify(page)),
    JOURNAL_THREAD: JSON.stringify(asAscii(thread.outputFiles[0]!.text)),
  },
  entryPoints: { cli: "src/cli.ts", test: "src/test-runner/index.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  write: false,
});
// esbuild leaves regular expressions as they are: one sign that is not ASCII, and V8 takes twice the memory
// for all of the text. Somebody may start the former one at this moment: it is there, whole, until this one is.
for (const { path, text } of outputFiles) {
  writeFileSync(`${path}.next`, asAscii(text));
  renameSync(`${path}.next`, path);
}
copyFileSync("src/test-runner/test.d.cts", "dist/test.d.cts");
const packages = packagesOf([
  ...Object.keys(metafile.inputs),
  ...Object.keys(thread.metafile.inputs),
  ...pageInputs,
]);
writeFileSync("dist/licences.txt", licencesOf(packages));
if (locked) writeFileSync("dist/sbom.cdx.json", sbomOf(await locked, packages));
const program = await createProgram(commandNames);
const start = program.commands.find((command) => command.name() === "start")!;
writeFileSync("dist/relay.1", manPage(program, start));
writeFileSync("dist/openai-relay.1", ".so man1/relay.1\n");
writeFileSync("dist/config.schema.json", `${JSON.stringify(jsonSchema(), null, 2)}\n`);
writeFileSync("dist/mock-script.schema.json", `${JSON.stringify(scriptJsonSchema(), null, 2)}\n`);
writeFileSync("dist/check.schema.json", `${JSON.stringify(await checkSchema(), null, 2)}\n`);
writeFileSync("dist/tape.schema.json", `${JSON.stringify(await tapeSchema(), null, 2)}\n`);

if (!process.argv.includes("--quiet")) report(metafile);

/** The size of each bundle, and whose bytes they are. */
function report({ outputs }: Metafile): void {
  for (const [outfile, { inputs }] of Object.entries(outputs)) {
    const parts = new Map<string, number>();
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const name = packagesOf([file])[0]?.replace("node_modules/", "") ?? "openai-relay";
      parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
    }
    const sizes = [...parts]
      .sort(([, a], [, b]) => b - a)
      .map(([name, size]) => `${name} ${kB(size)}`);
    console.log(`${outfile} ${kB(statSync(outfile).size)}: ${sizes.join(", ")}`);
  }
}

function asAscii(source: string): string {
  return source.replace(/[^\0-\x7f]/g, escaped);
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}
