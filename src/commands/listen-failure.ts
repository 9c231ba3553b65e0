import type { Loaded } from "../config/load.ts";
import { ExitError } from "../exit.ts";

type ListenError = NodeJS.ErrnoException & { port?: number };

/** Says in one line why the relay could not listen, and what to do. */
export async function explainListen(error: ListenError, loaded: Loaded): Promise<never> {
  const { code, port } = error;
  if (error.name === "SocketPathError") throw wrong("socket", error.message, loaded);
  if (code === "EADDRINUSE") {
    const { whoListens } = await import("./port.ts");
    const who = await whoListens(port!);
    const next = "Stop it, or start with --port 0 for a free port.";
    throw new ExitError(1, `Port ${port} is in use${who ? ` by ${who}` : ""}. ${next}`);
  }
  if (code === "EACCES")
    throw new ExitError(1, `Port ${port} needs more rights. Choose one above 1023.`);
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    throw wrong("host", `that is not an address of this machine (${code}).`, loaded);
  throw error;
}

function wrong(path: "host" | "socket", what: string, { config, origins }: Loaded): ExitError {
  const origin = origins[path]!;
  const exitCode = origin.startsWith("flag ") ? 2 : 3;
  return new ExitError(exitCode, `"${path}" is "${config[path]}" (${origin}): ${what}`);
}
