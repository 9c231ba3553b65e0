import { readFileSync } from "node:fs";
import * as v from "valibot";
import { UsageError } from "../../config/error.ts";
import type { Scrub } from "../../scrub.ts";
import { writeEntry } from "../file.ts";
import { fixtures } from "./aimock/fixtures.ts";
import { fromAimock } from "./aimock/import.ts";
import { parsed } from "./events.ts";
import { fromHar, har, type Imported } from "./har.ts";

type Wish = { to: string; hosts: readonly string[]; scrub: Scrub };

/** Writes what a file has into a folder; says what was written, and what was not and why. */
export async function importFile(file: string, { to, hosts, scrub }: Wish) {
  const { entries, skipped } = await read(file, hosts, scrub);
  const written: string[] = [];
  for (const entry of entries) written.push(await writeEntry(to, entry));
  return { written, skipped };
}

async function read(file: string, hosts: readonly string[], scrub: Scrub): Promise<Imported> {
  const value = parsed(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  if (v.is(har, value)) return fromHar(value, hosts, scrub);
  if (v.is(fixtures, value)) return fromAimock(value, scrub, Date.now());
  throw new UsageError(`${file} is neither a HAR file nor one of aimock's fixtures.`);
}
