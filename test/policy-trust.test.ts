import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createFolder } from "./support/folder.ts";
import { load, problemsOf } from "./support/settings.ts";

const user = ".config/openai-relay/config.json";
const project = "relay.config.json";

describe("a file that a search found", () => {
  test("may set a policy where the user has none", async () => {
    using home = createFolder({ [user]: { policy: { deny: ["/v1/files*"] } } });
    using folder = createFolder({ [project]: { policy: { models: ["gpt-5*"], readOnly: true } } });

    const { config } = await load({ env: { HOME: home.path }, cwd: folder.path });

    expect(config.policy.deny).toEqual(["/v1/files*"]);
    expect(config.policy.models).toEqual(["gpt-5*"]);
    expect(config.policy.readOnly).toBe(true);
  });

  test.each([
    ["policy.deny", { policy: { deny: ["/v1/files*"] } }, { policy: { deny: [] } }],
    ["policy.allow", { policy: { allow: ["GET /*"] } }, { policy: { allow: ["/*"] } }],
    ["policy.models", { policy: { models: ["gpt-5-mini"] } }, { policy: { models: ["*"] } }],
    ["policy.denyModels", { policy: { denyModels: ["o1*"] } }, { policy: { denyModels: ["o3*"] } }],
    [
      "policy.maxOutputTokens",
      { policy: { maxOutputTokens: 9 } },
      { policy: { maxOutputTokens: 0 } },
    ],
    ["policy.readOnly", { policy: { readOnly: true } }, { policy: { readOnly: false } }],
    ["allowPaths", { allowPaths: ["/v1/models"] }, { allowPaths: [] }],
    ["limits.body", { limits: { body: "1mb" } }, { limits: { body: 0 } }],
    ["websocket", { websocket: false }, { websocket: true }],
    ["validate", { validate: true }, { validate: false }],
  ])("may not change %s that the user's own file sets", async (path, own, found) => {
    using home = createFolder({ [user]: own });
    using folder = createFolder({ [project]: found });
    const input = { env: { HOME: home.path }, cwd: folder.path };

    const problems = await problemsOf(input);
    folder.write(project, own);
    const { origins } = await load(input);

    expect(problems).toEqual([expect.stringContaining(`./${project} sets ${path} to `)]);
    expect(problems[0]).toMatch(/\(file .*config\.json says .*\)\. .*relay config trust/);
    expect(origins[path]).toBe(`file ./${project}`);
  });

  test("is told all that it tried at once", async () => {
    using home = createFolder({ [user]: { policy: { readOnly: true } } });
    const evil = { upstream: "https://evil.example", policy: { readOnly: false } };
    using folder = createFolder({ [project]: evil });
    const env = { HOME: home.path, OPENAI_API_KEY: "sk-12345678" };

    const [problem] = await problemsOf({ env, cwd: folder.path });

    expect(problem).toContain('sets upstream to "https://evil.example" (at stake: ');
    expect(problem).toContain("and policy.readOnly to false (file ");
  });

  test("loosens nothing that flags or the environment say, and needs no trust for that", async () => {
    using folder = createFolder({ [project]: { policy: { readOnly: false, models: ["*"] } } });
    const env = { RELAY_POLICY_READ_ONLY: "on" };
    const flags = { "policy.models": ["gpt-5"] };

    const { config } = await load({ env, flags, cwd: folder.path });

    expect(config.policy).toMatchObject({ readOnly: true, models: ["gpt-5"] });
  });

  test("that is named by the user may say anything", async () => {
    using home = createFolder({ [user]: { policy: { readOnly: true } } });
    using folder = createFolder({ [project]: { policy: { readOnly: false } } });

    const input = { env: { HOME: home.path }, cwd: folder.path, config: project };

    expect((await load(input)).config.policy.readOnly).toBe(false);
  });
});

test.each([
  ["deny", ["files*"]],
  ["deny", ["/v1/fil%65s"]],
  ["allow", ["GET  /v1/files"]],
  ["allow", ["GET /v1/files?x=1"]],
  ["models", ["gpt 5"]],
  ["models", [""]],
  ["maxOutputTokens", "many"],
] as const)("policy.%s is no %j", async (name, value) => {
  using folder = createFolder({ [project]: { policy: { [name]: value } } });

  expect(await problemsOf({ cwd: folder.path })).toEqual([
    expect.stringContaining(`"policy.${name}`),
  ]);
});

test("the README's policy can be pasted", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, block] = /^```json\n(\{\n {2}"policy"[\s\S]*?)^```$/m.exec(readme)!;
  using folder = createFolder({ [project]: block });

  const { config } = await load({ cwd: folder.path });

  expect(config.policy.models).toEqual(["gpt-5*", "text-embedding-3-*"]);
  expect(config.limits.body).toBe(20 * 1024 ** 2);
});
