import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { variable } from "./environment.ts";
import { configFolders, display } from "./folders.ts";
import type { Input } from "./load.ts";
import { findProjectFile, findUserFile, projectFolders } from "./search.ts";

export type Place = {
  layer: "project" | "user";
  /** A folder with the names that a file may have there. */
  place: string;
  /** The file that is read from there. */
  file?: string;
};

const names = ["relay.config.*", "openai-relay.config.*", ".openai-relayrc*", "package.json"];

/** Where config files are looked for, in the order of their rank. */
export async function places(
  { config, env, cwd }: Pick<Input, "config" | "env" | "cwd">,
  remarks: string[],
): Promise<Place[]> {
  if (config === false) return [];
  const userFolders = configFolders(env);
  const user = findUserFile(userFolders);
  const own = userFolders.map((folder) => {
    const place: Place = { layer: "user", place: join(folder, "config.*") };
    return user && dirname(user) === folder ? { ...place, file: user } : place;
  });

  const named = config ?? variable(env, "RELAY_CONFIG");
  if (named !== undefined) {
    const place: Place = { layer: "project", place: display(resolve(cwd, named), cwd) };
    return [existsSync(resolve(cwd, named)) ? { ...place, file: place.place } : place, ...own];
  }
  const found = await findProjectFile(cwd, remarks);
  const around = projectFolders(cwd).map((folder) => {
    const place: Place = { layer: "project", place: display(join(folder, `{${names}}`), cwd) };
    return found && dirname(found) === folder ? { ...place, file: display(found, cwd) } : place;
  });
  return [...around, ...own];
}
