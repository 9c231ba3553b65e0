import { appendFileSync } from "node:fs";
import type { Check, Report } from "./report.ts";

/** GitHub's workflow commands: one annotation for each step that failed or gives a warning. */
export function annotations({ checks }: Report): string {
  return checks
    .filter(({ status }) => status === "failed" || status === "warning")
    .map(({ name, status, detail, hint }) => {
      const command = status === "failed" ? "error" : "warning";
      const title = escapeProperty(`relay check: ${name}`);
      return `::${command} title=${title}::${escapeData(hint ? `${detail}\nNext: ${hint}` : detail)}\n`;
    })
    .join("");
}

function escapeData(text: string): string {
  return text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}

const signs: Record<Check["status"], string> = {
  passed: "✅",
  warning: "⚠️",
  failed: "❌",
  skipped: "➖",
};

/** Adds a table to the summary of the job. */
export function writeSummary(file: string, report: Report): void {
  const rows = report.checks.map(({ name, status, ms, detail, hint }) => {
    const text = hint ? `${escapeCell(detail)}<br>Next: ${escapeCell(hint)}` : escapeCell(detail);
    return `| ${signs[status]} | ${name} | ${text} | ${status === "skipped" ? "" : `${ms} ms`} |`;
  });
  const title = `### relay check: ${report.ok ? "passed" : `failed (exit code ${report.exitCode})`}`;
  const head = ["| | step | | time |", "| --- | --- | --- | ---: |"];
  appendFileSync(file, `${[title, "", ...head, ...rows].join("\n")}\n\n`);
}

function escapeCell(text: string): string {
  const line = text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;");
  return line.replace(/[\\|`*_[\]]/g, "\\$&");
}
