import { homedir } from "node:os";
import { ExitError } from "../exit.ts";
import { launchd } from "./launchd.ts";
import type { Manager } from "./manager.ts";
import { systemd } from "./systemd.ts";

/** The manager of this system. Throws where there is none that the relay knows. */
export function findManager(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): Manager {
  // With sudo it would become a service of root.
  if (env.SUDO_UID && process.getuid?.() === 0)
    throw new ExitError(1, "Run it without sudo: it is a service of your own.");
  const home = env.HOME || homedir();
  if (platform === "linux") return systemd(env, home);
  if (platform === "darwin") return launchd(home, process.getuid?.() ?? 0);
  throw new ExitError(1, platform === "win32" ? onWindows : elsewhere);
}

const elsewhere =
  "relay service knows systemd and launchd. Let what starts services here run: relay start";

const onWindows = `relay service knows systemd and launchd. On Windows the Task Scheduler starts the relay when you log on:
  schtasks /Create /TN openai-relay /SC ONLOGON /TR "relay start"`;
