import type { Config } from "../config/settings.ts";
import type { Call } from "../journal/call.ts";
import type { Reader } from "../journal/reader.ts";
import { createWatch } from "../journal/watch.ts";

/** What the tools work with. What they throw is told to the agent, and should say what to do. */
export type Context = {
  config: Config;
  file: string;
  /** The journal as it is now. */
  reader(): Reader;
  find(id: string | number): Call;
};

export function createContext(file: string, config: Config): Context {
  const watch = createWatch(file);
  function reader(): Reader {
    const now = watch.reader();
    if (now) return now;
    throw new Error(
      `There is no journal in ${file} yet. Start a relay ("relay start"), then call.`,
    );
  }
  return {
    config,
    file,
    reader,
    find(id) {
      const call = reader().find(String(id));
      if (call) return call;
      throw new Error(
        `No call, or more than one, has the id "${id}". list_calls shows which there are.`,
      );
    },
  };
}
