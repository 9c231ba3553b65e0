import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonSchema } from "../src/config/json-schema.ts";
import { allSettings } from "../src/config/names.ts";
import { readmeTable } from "../src/config/readme-table.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { load } from "./support/settings.ts";

type Schema = {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
  [key: string]: unknown;
};

const schema = jsonSchema() as Schema;
const exampleFile = join(import.meta.dirname, "../relay.config.example.json");
const example = JSON.parse(readFileSync(exampleFile, "utf8"));

function at(tree: Record<string, unknown>, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), tree);
}

function schemaAt(path: string): Schema {
  return path.split(".").reduce((inner, key) => inner.properties![key]!, schema);
}

test("the schema knows every setting with its description and default, and nothing else", () => {
  for (const [path, { about, default: fallback, example }] of allSettings) {
    expect(schemaAt(path), path).toMatchObject({ description: about, default: fallback });
    if (example !== undefined) expect(schemaAt(path).examples).toEqual([example]);
  }
  const groups = [
    schema,
    schema.properties!.match!,
    schema.properties!.policy!,
    schema.properties!.timeouts!,
    schema.properties!.limits!,
    schema.properties!.log!,
  ];
  for (const group of groups) expect(group.additionalProperties).toBe(false);
  expect(schema.properties!.rewrite!.items).toMatchObject({ additionalProperties: false });
  const names = groups.flatMap((group) => Object.keys(group.properties!));
  expect(names).toHaveLength(allSettings.size + groups.length - 1 + ["$schema", "version"].length);
});

test("the schema says what values may be", () => {
  expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
  expect(schemaAt("port")).toMatchObject({ type: "integer", minimum: 0, maximum: 65_535 });
  expect(schemaAt("log.level").enum).toContain("debug");
  expect(schemaAt("mock").type).toBe("boolean");
  expect(schemaAt("beta")).toMatchObject({ type: "array", items: { type: "string" } });
  expect(schemaAt("timeouts.connect").anyOf).toMatchObject([
    { const: 0 },
    { type: "string", pattern: expect.any(String) },
  ]);
});

test("config schema prints it", async () => {
  const { code, stdout } = await runCommand(["config", "schema"]);

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(schema)));
});

test("the example lists every setting and is a valid file", async () => {
  const { origins } = await load({ config: exampleFile });

  for (const path of allSettings.keys()) {
    expect(at(example, path), path).toBeDefined();
    expect(origins[path]).toMatch(/^file .*relay\.config\.example\.json$/);
  }
});

test("a copy of the example works as it is, and changes nothing but what it shows", async () => {
  using folder = createFolder({ "relay.config.json": example });
  const copy = await load({ cwd: folder.path, env: { OPENAI_API_KEY: "sk-12345678" } });
  const { config } = await load({});

  expect(copy.config).toEqual({ ...config, rewrite: allSettings.get("rewrite")!.example });
  expect(example.$schema).toBe("./node_modules/openai-relay/dist/config.schema.json");
});

test("the README's table has a row for every setting", () => {
  const rows = readmeTable().trimEnd().split("\n");

  expect(rows).toHaveLength(allSettings.size + 2);
  expect(rows.filter((row) => row.split(/(?<!\\)\|/).length !== 7)).toEqual([]);
  expect(rows).toContain(
    "| `timeouts.connect` | `--timeouts-connect <time>` | `RELAY_TIMEOUTS_CONNECT` | `10s` | To connect to the upstream, TLS included |",
  );
});
