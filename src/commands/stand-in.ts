import type { Loaded } from "../config/load.ts";

/** What answers in place of OpenAI by the word of a file alone: whoever cloned a repository should know. */
export function standInRemarks({ config, origins }: Loaded): string[] {
  const names = (["mock", "replay"] as const).filter((name) => config[name]);
  const ofFiles = names.filter((name) => isOfFile(origins[name]));
  const remarks = ofFiles.map((name) => `OpenAI is not asked: ${origins[name]} sets ${name}.`);
  if (config.tape !== "" && isOfFile(origins.tape))
    remarks.push(`OpenAI is not asked what the tape has: ${origins.tape} sets tape.`);
  return remarks;
}

/** A script that is not read: the calls that it is meant for go to OpenAI. */
export function scriptRemarks({ config, origins }: Loaded): string[] {
  const isAsked = config.mockScript !== "" && !isOfFile(origins.mockScript);
  return isAsked && !config.mock ? ["mockScript is for the mock, which is off: set mock too."] : [];
}

function isOfFile(origin: string | undefined): boolean {
  return origin?.startsWith("file ") ?? false;
}
