import { allSettings, flagOf, variableOf } from "./names.ts";

/** The settings as a Markdown table, for the README. */
export function readmeTable(): string {
  const rows = [
    ["Setting", "Flag", "Environment", "Default", "What it does"],
    ["---", "---", "---", "---", "---"],
  ];
  for (const [path, { about, default: fallback, noFlag, placeholder }] of allSettings) {
    const name = fallback === true ? flagOf(path).replace("--", "--no-") : flagOf(path);
    const flag = noFlag ? "" : code(placeholder ? `${name} <${placeholder}>` : name);
    rows.push([code(path), flag, code(variableOf(path)), code(plain(fallback)), about]);
  }
  return rows.map((cells) => `| ${cells.map(escaped).join(" | ")} |\n`).join("");
}

function plain(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
