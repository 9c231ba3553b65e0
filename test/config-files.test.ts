import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { configFolders, stateFolder } from "../src/config/folders.ts";
import { createFolder } from "./support/folder.ts";
import { load, problemsOf } from "./support/settings.ts";

const esm = "export default { port: 1234 };\n";
const kinds = {
  json: '{ "port": 1234 }\n',
  yaml: "port: 1234\n",
  yml: "# ours\nport: 1234\n",
  ts: "const port: number = 1234;\nexport default { port } satisfies { port: number };\n",
  mts: "import { sep } from 'node:path';\nexport default { port: sep.length * 1234 };\n",
  js: esm,
  mjs: esm,
  cjs: "module.exports = { port: 1234 };\n",
};
const packages = { module: { type: "module" }, commonjs: { type: "commonjs" }, neither: {} };

describe.each(Object.keys(packages) as (keyof typeof packages)[])("in a %s package", (type) => {
  test.each(Object.entries(kinds))("--config reads a .%s file", async (kind, content) => {
    const isCommon = ["js", "ts"].includes(kind) && type === "commonjs";
    using folder = createFolder({ "package.json": packages[type] });
    folder.write(`mine.${kind}`, isCommon ? kinds.cjs : content);

    const { config, origins, files } = await load({ cwd: folder.path, config: `mine.${kind}` });

    expect(config.port).toBe(1234);
    expect(origins.port).toBe(`file ./mine.${kind}`);
    expect(files).toEqual([folder.at(`mine.${kind}`)]);
  });
});

test.each([
  ["relay.config.json", { port: 1234 }],
  ["relay.config.yml", "port: 1234"],
  ["openai-relay.config.yaml", "port: 1234"],
  [".openai-relayrc", "port: 1234"],
  [".openai-relayrc.json", { port: 1234 }],
  ["package.json", { "openai-relay": { port: 1234 } }],
])("a search finds %s", async (name, content) => {
  using folder = createFolder({ [name]: content });
  const { config, origins } = await load({ cwd: folder.path });

  expect(config.port).toBe(1234);
  expect(origins.port).toBe(`file ./${name}`);
});

test("a search goes up to the folder of the package, and no further", async () => {
  using outer = createFolder({
    "relay.config.json": { port: 1 },
    "project/package.json": {},
    "project/src/deep/file": "",
    "other/src/file": "",
  });
  const inProject = await load({ cwd: outer.at("project/src/deep") });
  outer.write("project/relay.config.json", { port: 2 });
  const configured = await load({ cwd: outer.at("project/src/deep") });
  const elsewhere = await load({ cwd: outer.at("other/src") });

  expect(inProject.origins.port).toBe("default");
  expect(configured.origins.port).toBe(`file ${outer.at("project/relay.config.json")}`);
  expect(elsewhere.config.port).toBe(1);
});

test("of several files the first name wins, and an empty one does not count", async () => {
  using folder = createFolder({
    "relay.config.json": "\n",
    "openai-relay.config.json": { port: 2 },
    ".openai-relayrc": "port: 3",
    "package.json": { "openai-relay": { port: 4 } },
  });

  expect((await load({ cwd: folder.path })).config.port).toBe(2);
});

test("--no-config reads nothing at all, --config and RELAY_CONFIG only that file and the user's", async () => {
  using home = createFolder({ ".config/openai-relay/config.json": { port: 1, organization: "u" } });
  using folder = createFolder({
    "relay.config.json": { port: 2 },
    "a.json": { port: 3 },
    "b.json": { port: 4 },
  });
  const env = { HOME: home.path, RELAY_CONFIG: "a.json" };
  const cwd = folder.path;

  expect((await load({ env, cwd, config: false })).files).toEqual([]);
  expect((await load({ env, cwd })).config).toMatchObject({ port: 3, organization: "u" });
  expect((await load({ env, cwd, config: "b.json" })).config).toMatchObject({ port: 4 });
});

test("the user's own file may be code, and sets what it likes", async () => {
  using home = createFolder({
    ".config/openai-relay/config.ts":
      "export default { upstream: 'https://gateway.example' as string };",
  });
  const { config } = await load({ env: { HOME: home.path, OPENAI_API_KEY: "sk-1234" } });

  expect(config.upstream).toBe("https://gateway.example");
});

test.each([
  ["linux", { HOME: "/h" }, ["/h/.config/openai-relay"], "/h/.local/state/openai-relay"],
  [
    "linux",
    { HOME: "/h", XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s" },
    ["/c/openai-relay"],
    "/s/openai-relay",
  ],
  // A relative one would be the working directory's word, not the user's.
  [
    "linux",
    { HOME: "/h", XDG_CONFIG_HOME: ".", XDG_STATE_HOME: "." },
    ["/h/.config/openai-relay"],
    "/h/.local/state/openai-relay",
  ],
  [
    "darwin",
    { HOME: "/h" },
    ["/h/.config/openai-relay", "/h/Library/Preferences/openai-relay"],
    "/h/.local/state/openai-relay",
  ],
  [
    "win32",
    { USERPROFILE: "/h", APPDATA: "/r", LOCALAPPDATA: "/l" },
    ["/r/openai-relay"],
    "/l/openai-relay",
  ],
] as const)("on %s with %o", (platform, env, config, state) => {
  expect(configFolders(env, platform)).toEqual(config);
  expect(stateFolder(env, platform)).toBe(state);
});

test("file names in a file start from that file, elsewhere from the working directory", async () => {
  using folder = createFolder({
    "conf/own.json": { ca: "ca.pem", keyFile: "../key" },
    "conf/ca.pem": "",
    key: "sk",
    admin: "sk",
  });
  const cwd = folder.path;
  const flags = { adminKeyFile: "admin" };
  const { config } = await load({ cwd, flags, config: "conf/own.json" });

  expect(config).toMatchObject({
    ca: folder.at("conf/ca.pem"),
    keyFile: folder.at("key"),
    adminKeyFile: folder.at("admin"),
  });
});

test.each([
  [
    "a.json",
    '{\n "host": here\n}',
    /^\.\/a\.json .*: Unexpected token 'h' in JSON \(line 2 column 10\)$/,
  ],
  ["b.json", '{ "port": 1 "a": 1 }', /^\.\/b\.json .*: Expected .* \(line 1 column 13\)$/],
  ["c.json", "port: 1", /^\.\/c\.json .*: Unexpected token 'p' in JSON \(line 1 column 1\)$/],
  ["broken.json", '{ "port": 1, }', /^\.\/broken\.json cannot be read: .*JSON.*line 1/],
  [
    "broken.yaml",
    "port: 1\n  host: [",
    /^\.\/broken\.yaml cannot be read: .* in line 2, column \d+$/,
  ],
  ["broken.ts", "enum A { B }; export default {}", /^\.\/broken\.ts cannot be read: /],
  [
    "broken.mjs",
    "export const a = 1;",
    /^\.\/broken\.mjs cannot be read: it has no default export/,
  ],
  [
    "async.mjs",
    "await 1; export default {}",
    /^\.\/async\.mjs cannot be read: it must not use await/,
  ],
  ["throws.cjs", "throw new Error('by itself')", /^\.\/throws\.cjs cannot be read: by itself$/],
  ["own.toml", "port = 1", /^\.\/own\.toml cannot be read: expected \.json, \.yaml/],
  ["list.json", "[]", /^It must be an object of settings \(file \.\/list\.json\)$/],
  ["function.mjs", "export default () => ({})", /^It must be an object of settings/],
])("%s is named with what is wrong in it", async (name, content, problem) => {
  using folder = createFolder({ [name]: content });

  expect(await problemsOf({ cwd: folder.path, config: name })).toEqual([
    expect.stringMatching(problem),
  ]);
});

test.each([
  ["UTF-8 with a mark", Buffer.from('\ufeff{ "port": 7 }', "utf8")],
  ["UTF-16, as PowerShell writes it", Buffer.from('\ufeff{ "port": 7 }', "utf16le")],
])("a file in %s is understood", async (_what, bytes) => {
  using folder = createFolder();
  writeFileSync(folder.at("relay.config.json"), bytes);

  expect((await load({ cwd: folder.path })).config.port).toBe(7);
});

test("an ES module in a CommonJS package is told what to be called", async () => {
  using folder = createFolder({ "package.json": packages.commonjs, "own.ts": kinds.ts });

  expect(await problemsOf({ cwd: folder.path, config: "own.ts" })).toEqual([
    expect.stringContaining("let its name end in .mts or .mjs"),
  ]);
});

test.each(["relay.config.toml", "openai-relay.config.json5", ".openai-relayrc.jsonc"])(
  "%s is not read, and a remark says so",
  async (name) => {
    using folder = createFolder({ [name]: "port = 5", "relay.config.json": { port: 7 } });
    const { config, remarks } = await load({ cwd: folder.path });

    expect(config.port).toBe(7);
    expect(remarks).toEqual([expect.stringContaining(`./${name} is not read: only .json, `)]);
  },
);

describe("the Relay compiler's relay.config", () => {
  test.each([
    ["relay.config.json", { src: "./src", schema: "./schema.graphql", language: "typescript" }],
    ["relay.config.yaml", "src: ./src\nschema: ./schema.graphql\n"],
    ["relay.config.js", "module.exports = {\n  src: './src',\n  schema: './s.graphql',\n};\n"],
  ])("%s is skipped with a remark, and the search goes on", async (name, content) => {
    using folder = createFolder({ [name]: content, "openai-relay.config.json": { port: 5 } });
    const { config, files, remarks } = await load({ cwd: folder.path });

    expect(config.port).toBe(5);
    expect(files).toEqual([folder.at("openai-relay.config.json")]);
    expect(remarks).toEqual([expect.stringContaining(`./${name} is of Facebook's Relay compiler`)]);
  });

  test("a file with one of our settings in it is ours", async () => {
    using folder = createFolder({ "relay.config.json": { src: "./src", port: 5 } });

    expect(await problemsOf({ cwd: folder.path })).toEqual([
      expect.stringContaining('"src" is not a setting (file ./relay.config.json:1:2)'),
    ]);
  });
});

describe("code that the search itself would run", () => {
  const marks = (folder: { at(name: string): string }) =>
    `require("node:fs").writeFileSync(${JSON.stringify(folder.at("ran"))}, "");`;

  test.each(["js", "cjs", "ts", "json"])("is refused as .config/config.%s", async (kind) => {
    using folder = createFolder();
    folder.write(`.config/config.${kind}`, kind === "json" ? "{}" : marks(folder));
    folder.write("relay.config.json", { port: 5 });

    expect(await problemsOf({ cwd: folder.path })).toEqual([
      expect.stringMatching(`^\\./\\.config/config\\.${kind} is in the way`),
    ]);
    expect(folder.has("ran")).toBe(false);
    const named = await load({ cwd: folder.path, config: "relay.config.json" });
    expect(named.config.port).toBe(5);
    expect((await load({ cwd: folder.path, config: false })).config.port).toBe(8484);
    expect(folder.has("ran")).toBe(false);
  });

  test.each(["package.json", "package.yaml"])("is refused as an import in %s", async (name) => {
    using folder = createFolder();
    folder.write("evil.js", marks(folder));
    folder.write(name, { cosmiconfig: { $import: "./evil.js" } });
    folder.write("relay.config.json", { port: 5 });

    expect(await problemsOf({ cwd: folder.path })).toEqual([
      expect.stringContaining(`./${name} has "cosmiconfig.$import"`),
    ]);
    expect(folder.has("ran")).toBe(false);
  });

  test("is not imported by a file that was found", async () => {
    using folder = createFolder();
    folder.write("evil.js", marks(folder));
    folder.write("relay.config.json", { $import: "./evil.js" });

    expect(await problemsOf({ cwd: folder.path })).toEqual([
      expect.stringContaining('"$import" is not a setting'),
    ]);
    expect(folder.has("ran")).toBe(false);
  });
});
