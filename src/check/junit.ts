import type { Check, Report } from "./report.ts";

/** The report as JUnit's XML, a test case for each step, as CI servers read it. */
export function toJUnit({ checks, upstream }: Report): string {
  const number = (wanted: Check["status"]) =>
    checks.filter(({ status }) => status === wanted).length;
  const totals = attributes({
    tests: checks.length,
    failures: number("failed"),
    errors: 0,
    skipped: number("skipped"),
    time: seconds(checks.reduce((sum, { ms }) => sum + ms, 0)),
  });
  const suite = `<testsuite${attributes({ name: "relay check", hostname: upstream })}${totals}>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${totals}>`,
    `  ${suite}`,
    ...checks.map(toCase),
    "  </testsuite>",
    "</testsuites>\n",
  ].join("\n");
}

function toCase({ name, status, ms, detail, hint, notes = [] }: Check): string {
  const place = attributes({ classname: "relay.check", name, time: seconds(ms) });
  const message = attributes({ message: detail });
  const text = escapeXml([detail, ...notes, ...(hint ? [`Next: ${hint}`] : [])].join("\n"));
  const inner =
    status === "failed"
      ? `<failure${message}>${text}</failure>`
      : status === "skipped"
        ? `<skipped${message}/>`
        : `<system-out>${text}</system-out>`;
  return `    <testcase${place}>${inner}</testcase>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value)).replace(/\n/g, "&#10;")}"`)
    .join("");
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** What XML 1.0 has no place for at all (section 2.2) is left out. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"']/g, (sign) => entities[sign]!);
}
