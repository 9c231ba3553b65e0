import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import { ConfigError } from "./error.ts";
import { parseJson } from "./json-text.ts";
import { printable } from "./shown.ts";

const modules = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"];
const data = [".json", ".yaml", ".yml", ""];

/** Code rather than data. */
export function isModule(file: string): boolean {
  return modules.includes(extname(file));
}

/** What a config file says, whatever its kind. `name` is how messages call it. */
export async function readConfigFile(file: string, name: string): Promise<unknown> {
  try {
    if (isModule(file)) return await loadModule(file);
    if (!data.includes(extname(file)))
      throw new Error(`expected ${[...data.slice(0, 3), ...modules].join(", ")}`);
    const content = await parse(file, toText(readFileSync(file)));
    return basename(file) === "package.json" ? keyOf(content, "openai-relay") : content;
  } catch (error) {
    throw new ConfigError(`${name} cannot be read: ${printable(reasonOf(error))}`);
  }
}

/** JSON or YAML by the name of the file; a file without extension is YAML. */
export async function parse(file: string, text: string): Promise<unknown> {
  if (file.endsWith(".json")) return parseJson(text);
  const { defaultLoaders } = await import("cosmiconfig");
  return defaultLoaders[".yaml"](file, text);
}

/** UTF-8, or the UTF-16 that PowerShell writes. */
export function toText(bytes: Buffer): string {
  const mark = bytes.toString("latin1", 0, 2);
  const encoding = mark === "\xff\xfe" ? "utf-16le" : mark === "\xfe\xff" ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

export function keyOf(content: unknown, key: string): unknown {
  const isObject = typeof content === "object" && content !== null;
  return isObject && Object.hasOwn(content, key) ? Reflect.get(content, key) : undefined;
}

/** Modules that were loaded before: `require` would give the same again. */
const loaded = new Set<string>();

/** `require` reads ES modules and TypeScript too, and unlike `import` also in a single executable. */
async function loadModule(file: string): Promise<unknown> {
  const require = createRequire(file);
  delete require.cache[file];
  const exported: unknown = loaded.has(file)
    ? await import(`${pathToFileURL(file)}?${randomUUID()}`)
    : require(file);
  loaded.add(file);
  const isCompiled = keyOf(exported, "__esModule") === true;
  if (!isCompiled && !types.isModuleNamespaceObject(exported)) return exported;
  const content = keyOf(exported, "default");
  if (content === undefined) throw new Error("it has no default export");
  return content;
}

/** The reason without the lines around it: they may hold a secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, reason, mark, message } = error as Error & {
    code?: string;
    reason?: string;
    mark?: { line: number; column: number };
  };
  if (code === "ERR_REQUIRE_ASYNC_MODULE") return "it must not use await outside of a function";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (/token 'export'|import statement outside/.test(message))
    return 'its package says "type": "commonjs"; let its name end in .mts or .mjs';
  // Of YAML; the message has the lines too.
  if (reason !== undefined)
    return mark ? `${reason} in line ${mark.line + 1}, column ${mark.column + 1}` : reason;
  if (error instanceof SyntaxError)
    return message.replace(/, (\.\.\.)?"[\s\S]*$/, "").split("\n")[0]!;
  return message.split("\n")[0]!;
}
