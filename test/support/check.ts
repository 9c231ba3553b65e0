import { expect } from "vitest";
import { type CheckOptions, runCheck } from "../../src/check/check.ts";
import type { Check, Report } from "../../src/check/report.ts";
import { runCommand } from "./command.ts";

/** A key that no report may show. */
export const key = "sk-proj-abcdefghijklmnopqrstuvw3fA9";

type Given = Partial<CheckOptions> & { env?: NodeJS.ProcessEnv; remarks?: string[] };

/** Takes all steps in this process, with nothing of this machine's settings. */
export async function check(
  flags: Record<string, unknown>,
  { env, remarks = [], ...options }: Given = {},
): Promise<Report> {
  const input = {
    flags: { port: "0", ...flags },
    env: { HOME: "/nonexistent", OPENAI_API_KEY: key, ...env },
    cwd: "/nonexistent",
    config: false as const,
  };
  const watcher = { begun() {}, done() {}, remark: (text: string) => void remarks.push(text) };
  const whoListens = async () => "pid 4242, other";
  const report = await runCheck(input, { whoListens, ...options }, watcher);
  expect(JSON.stringify(report)).not.toContain(key);
  return report;
}

/** Runs `relay check --json`, for what depends on the environment of the process. */
export async function checkCommand(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Report & { stderr: string }> {
  const given = { OPENAI_API_KEY: key, ...env };
  const all = ["check", "--no-config", "--port", "0", "--json", ...args];
  const { stdout, stderr, code } = await runCommand(all, { env: given });
  expect(stdout + stderr).not.toContain(key);
  const report: Report = JSON.parse(stdout);
  expect(report.exitCode).toBe(code);
  expect(report.ok).toBe(code === 0);
  return { ...report, stderr };
}

/** Name and status of the steps, the machine's own left out: those depend on it. */
export function outline({ checks }: Report): string {
  return checks
    .filter(({ name }) => !["port", "loopback", "docker"].includes(name))
    .map(({ name, status }) => `${name} ${status}`)
    .join(", ");
}

export function find({ checks }: Report, name: string): Check | undefined {
  return checks.find((check) => check.name === name);
}

export type Expected = { code: number; failed: string; detail: RegExp; hint: RegExp };

/** Holds the first failure to its cause, its hint and its exit code. */
export function expectFailure(report: Report, { code, failed, detail, hint }: Expected): void {
  const failure = report.checks.find(({ status }) => status === "failed");
  expect(failure).toMatchObject({
    name: failed,
    detail: expect.stringMatching(detail),
    hint: expect.stringMatching(hint),
    exitCode: code,
  });
  expect(report.exitCode).toBe(code);
}

/** Holds a step to a warning, which fails nothing. */
export function expectWarning(
  report: Report,
  { name, detail, hint }: { name: string; detail: RegExp; hint: RegExp },
): void {
  expect(find(report, name)).toMatchObject({
    status: "warning",
    detail: expect.stringMatching(detail),
    hint: expect.stringMatching(hint),
  });
  expect(report.exitCode).toBe(0);
}
