import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readmeTable } from "../src/config/readme-table.ts";
import { contractTable } from "../test/contract/table.ts";

// Writes the tables of README.md that are made from data, each between its two marks.
const file = join(import.meta.dirname, "..", "README.md");
const tables = { settings: readmeTable(), contract: contractTable() };
let text = readFileSync(file, "utf8");
for (const [name, table] of Object.entries(tables)) {
  const marks = new RegExp(`(<!-- ${name}:.*-->\n)[\\s\\S]*(<!-- /${name} -->)`);
  text = text.replace(marks, (_all, start, end) => `${start}\n${table}\n${end}`);
}
writeFileSync(file, text);
