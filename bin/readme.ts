import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readmeTable } from "../src/config/readme-table.ts";

// Writes the table of settings into README.md, between its two marks.
const file = join(import.meta.dirname, "..", "README.md");
const marks = /(<!-- settings:.*-->\n)[\s\S]*(<!-- \/settings -->)/;
writeFileSync(
  file,
  readFileSync(file, "utf8").replace(
    marks,
    (_all, start, end) => `${start}\n${readmeTable()}\n${end}`,
  ),
);
