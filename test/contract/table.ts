import { allowed } from "../../src/conformance/allowed.ts";

/** What the relay may change, as a Markdown table for the README. */
export function contractTable(): string {
  const rows = [
    ["To", "What", "Becomes"],
    ["---", "---", "---"],
  ];
  let before = "";
  for (const { to, what, becomes } of allowed) {
    rows.push([to === before ? "" : to, what, becomes]);
    before = to;
  }
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
