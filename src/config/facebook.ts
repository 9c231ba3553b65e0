import { basename } from "node:path";
import { allSettings } from "./names.ts";
import { isModule, parse } from "./read.ts";

/** Keys of the config file of Facebook's Relay compiler, which may have the name of ours. */
const keys = [
  "src",
  "schema",
  "language",
  "artifactDirectory",
  "sources",
  "projects",
  "excludes",
  "eagerEsModules",
  "customScalarTypes",
  "persistConfig",
];

/** Whether a file that was found is the Relay compiler's and not ours. Runs nothing. */
export async function isFacebooks(file: string, text: string): Promise<boolean> {
  if (!basename(file).startsWith("relay.config.")) return false;
  const names = isModule(file) ? namesInCode(text) : await namesInData(file, text);
  const ours = new Set([...allSettings.keys()].map((path) => path.split(".")[0]));
  return names.some((name) => keys.includes(name)) && !names.some((name) => ours.has(name));
}

function namesInCode(text: string): string[] {
  return Array.from(text.matchAll(/(?<=^|[\s{,"'])\w+(?=["']?\s*:)/g), ([name]) => name);
}

async function namesInData(file: string, text: string): Promise<string[]> {
  // What cannot be parsed is ours until the error has been shown.
  const content = await parse(file, text).catch(() => null);
  return Object.keys(content ?? {});
}
