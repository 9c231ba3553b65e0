import { spawn } from "node:child_process";

type Env = NodeJS.ProcessEnv;

/** Opens a page in the user's browser. `false`: there is no desktop here, or it did not work. */
export async function openInBrowser(url: string, env: Env): Promise<boolean> {
  const [program, ...args] = openerOf(env, process.platform);
  if (program === undefined) return false;
  const child = spawn(program, [...args, url], {
    env: desktopEnvironment(env),
    stdio: "ignore",
    // It may stay as long as the browser does.
    detached: true,
  });
  child.unref();
  return new Promise((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
}

/** The program that opens a URL; none where nobody would see it. */
function openerOf(env: Env, platform: NodeJS.Platform): string[] {
  if (platform === "win32") return ["cmd", "/c", "start", ""];
  if (platform === "darwin") return env.SSH_CONNECTION ? [] : ["open"];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ["xdg-open"] : [];
}

const kept =
  /^(?:PATH|PATHEXT|HOME|USER|LOGNAME|LANG|LC_\w+|TMPDIR|TEMP|TMP|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|BROWSER|DBUS_SESSION_BUS_ADDRESS|DESKTOP_SESSION|(?:XDG|GNOME|KDE)_\w+|COMSPEC|SYSTEMROOT|SYSTEMDRIVE|USERPROFILE|(?:LOCAL)?APPDATA|PROGRAM\w+)$/i;

/** A browser has no business with the keys that are in the environment. */
function desktopEnvironment(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => kept.test(name)));
}
