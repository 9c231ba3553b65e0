import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError, UsageError } from "../../src/config/error.ts";
import { allSettings, variableOf } from "../../src/config/names.ts";
import { canaries, leaksIn } from "../support/canaries.ts";
import { createFolder } from "../support/folder.ts";
import { fuzz, limits, textOf } from "../support/fuzz.ts";
import { load } from "../support/settings.ts";

const paths = [...allSettings.keys()];
const secret = canaries.client;

/** Loads the settings, or says why not: in any case without telling a secret, and without failing itself. */
async function outcomeOf(input: Parameters<typeof load>[0]): Promise<readonly string[]> {
  const nothing: readonly string[] = [];
  const { problems, remarks } = await load(input).then(
    (loaded) => ({ problems: nothing, remarks: loaded.remarks }),
    (error: unknown) => {
      if (!(error instanceof ConfigError || error instanceof UsageError)) throw error;
      return { problems: error.problems, remarks: nothing };
    },
  );
  const text = [...problems, ...remarks].join("\n");
  expect(leaksIn([{ where: "messages", text }])).toEqual([]);
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  return problems;
}

test.each(["json", "yaml"])("any text as a .%s file loads or is named", limits, async (kind) => {
  using folder = createFolder();
  const marks = [
    "\n",
    "  ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "!!str ",
    "<<",
    "|",
    ">",
    "---\n",
    "{}",
    "[]",
  ];
  const words = [
    ...paths,
    "true",
    "null",
    "1e9",
    "10s",
    `"${secret}"`,
    secret,
    "tokens",
    "__proto__",
  ];

  await fuzz(textOf(...marks, ...words), async (text) => {
    folder.write(`own.${kind}`, kind === "json" && text.length % 2 ? `{"a": ${text}}` : text);

    for (const problem of await outcomeOf({ cwd: folder.path, config: `own.${kind}` }))
      expect(problem).toContain(`own.${kind}`);
  });
});

test("any values in a file load, or each wrong one is named", limits, async () => {
  using folder = createFolder();
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      secret,
      `${secret} x`,
      [secret],
      [`${secret} x`],
      `http://a:${secret}@b`,
    ),
    fc.constantFrom<unknown>(
      "",
      "/",
      "off",
      0,
      -1,
      1.5,
      true,
      null,
      [],
      {},
      [[]],
      [{}],
      "10s",
      "1kb",
    ),
    fc.jsonValue({ maxDepth: 3 }),
  );
  const leaf = fc.dictionary(fc.constantFrom(...paths, "constructor", "__proto__"), value, {
    maxKeys: 6,
    noNullPrototype: true,
  });
  const grouped = leaf.map((given) => {
    const tree: Record<string, unknown> = {};
    for (const [path, one] of Object.entries(given)) {
      const [group, name] = path.split(".") as [string, string?];
      const inner = Object.hasOwn(tree, group) ? (tree[group] as object) : {};
      tree[group] = name === undefined ? one : { ...inner, [name]: one };
    }
    return tree;
  });

  await fuzz(fc.tuple(grouped, fc.boolean()), async ([tree, isFound]) => {
    folder.write("relay.config.json", tree);
    const env = { OPENAI_API_KEY: canaries.key };
    const config = isFound ? {} : { config: "relay.config.json" };

    for (const problem of await outcomeOf({ cwd: folder.path, env, ...config }))
      expect(problem).toContain("relay.config.json");
  });
});

test("any text in a variable is a setting, or the variable is named", limits, async () => {
  const text = textOf(secret, "[", "]", '{"path":"/a"}', "10s", ",", "true", "http://", "[::1]");
  const variable = fc.constantFrom(...paths.map(variableOf));

  await fuzz(fc.tuple(variable, text), async ([name, value]) => {
    const problems = await outcomeOf({ env: { [name]: value }, config: false });

    for (const problem of problems) expect(problem).toContain(name);
  });
});
