import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Page } from "../src/inspector/assets.ts";

const folder = join(import.meta.dirname, "../src/inspector/page");

/** The inspector page, bundled: what a browser is given, and of which files it was made. */
export async function buildPage(): Promise<Page & { inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: { app: join(folder, "main.tsx") },
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome123", "firefox120", "safari17.5"],
    tsconfig: join(folder, "tsconfig.json"),
    legalComments: "none",
    metafile: true,
  });
  const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text;
  return {
    html: readFileSync(join(folder, "index.html"), "utf8"),
    js: textOf(".js"),
    css: textOf(".css"),
    inputs: Object.keys(metafile.inputs),
  };
}
