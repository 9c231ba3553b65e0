import type { Config } from "./settings.ts";

type Mode = Pick<Config, "replay" | "tape" | "onMiss">;

/** Settings by which nothing is recorded and nothing replayed. */
export const untaped = { record: "", replay: "", tape: "" } as const;

/** Whether nobody but the tape is asked: neither a key nor a network is needed. */
export function isOffline({ replay, tape, onMiss }: Mode, env: NodeJS.ProcessEnv): boolean {
  if (replay === "" && tape === "") return false;
  if (onMiss !== "auto") return onMiss === "refuse";
  return replay !== "" || isCi(env);
}

function isCi({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && !/^(?:|0|false|no|off)$/i.test(CI);
}
