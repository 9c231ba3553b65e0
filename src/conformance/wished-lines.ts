import type { Terms } from "./terms.ts";
import { type Line, trimmed, valuesOf } from "./wire.ts";

/** The lines of a request with what the settings add to those of every request. */
export function withWished(lines: readonly Line[], { wishes, by }: Terms): Line[] {
  const { organization, project, beta } = wishes;
  const out = [...lines];
  if (organization !== "" && valuesOf(lines, "openai-organization").length === 0) {
    by.add("organization");
    out.push(["OpenAI-Organization", organization]);
  }
  if (project !== "" && valuesOf(lines, "openai-project").length === 0) {
    by.add("project");
    out.push(["OpenAI-Project", project]);
  }
  const sent = valuesOf(lines, "openai-beta").flatMap((value) => value.split(",").map(trimmed));
  const missing = [...new Set(beta)].filter((flag) => !sent.includes(flag)).join(", ");
  if (missing === "") return out;

  by.add("beta");
  const last = out.findLastIndex(([name]) => name.toLowerCase() === "openai-beta");
  if (last < 0) out.push(["OpenAI-Beta", missing]);
  else {
    const [name, value] = out[last]!;
    out[last] = [name, value === "" ? missing : `${value}, ${missing}`];
  }
  return out;
}
