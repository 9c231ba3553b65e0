import type { Command } from "commander";
import { storedTokens } from "../config/client-tokens.ts";
import { suggest } from "./suggest.ts";

const lists = {
  "relay token rm": () => storedTokens(process.env).map(({ name }) => name),
};

/**
 * The answer to a shell that runs `relay complete -- <words>`, as the scripts of `relay completion` read
 * it: a value and a tab and what it does on each line, and last `:0` (offer files too) or `:4` (do not).
 */
export function complete(program: Command, words: readonly string[]): string {
  const { values, files } = suggest(program, words, lists);
  const lines = values.map(({ value, about }) => `${value}\t${about.replace(/\s+/g, " ")}\n`);
  return `${lines.join("")}:${files ? 0 : 4}\n`;
}
