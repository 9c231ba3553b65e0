import { homedir } from "node:os";
import { isAbsolute, join, relative } from "node:path";

type Env = NodeJS.ProcessEnv;

/** Where the user's own config file may be, the likeliest place first. */
export function configFolders(env: Env, platform = process.platform): string[] {
  const home = homeOf(env);
  if (platform === "win32") return [own(env.APPDATA, home, "AppData", "Roaming")];
  const folders = [own(env.XDG_CONFIG_HOME, home, ".config")];
  if (platform === "darwin") folders.push(join(home, "Library", "Preferences", "openai-relay"));
  return folders;
}

/** Where the relay keeps what it has to remember. */
export function stateFolder(env: Env, platform = process.platform): string {
  const home = homeOf(env);
  if (platform === "win32") return own(env.LOCALAPPDATA, home, "AppData", "Local");
  return own(env.XDG_STATE_HOME, home, ".local", "state");
}

/** A file as people name it: from the working directory where it is inside, else whole. */
export function display(file: string, cwd: string): string {
  const name = relative(cwd, file);
  return name.startsWith("..") || isAbsolute(name) ? file : `./${name.replaceAll("\\", "/")}`;
}

function own(chosen: string | undefined, home: string, ...usual: string[]): string {
  // A relative folder would be one of the working directory, which is not the user's word.
  const folder = chosen && isAbsolute(chosen) ? chosen : join(home, ...usual);
  return join(folder, "openai-relay");
}

function homeOf(env: Env): string {
  const home = env.HOME || env.USERPROFILE;
  return home && isAbsolute(home) ? home : homedir();
}
