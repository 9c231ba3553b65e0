import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Answered, Load } from "./requests.ts";
import { question, requestFields } from "./wire.ts";

/** The same as `askRepeatedly`, with `wrk`, which needs less of the core it shares with the upstream. */
export function createWrk(program: string, script: string): (load: Load) => Promise<Answered> {
  const fields = requestFields.map((line) => line.split(": "));
  writeFileSync(
    script,
    `wrk.method = "POST"
wrk.body = '${question}'
${fields.map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join("\n")}
`,
  );

  return async function askWithWrk({ port, connections, ms }) {
    const seconds = Math.max(1, Math.round(ms / 1000));
    const url = `http://127.0.0.1:${port}/v1/chat/completions`;
    const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url];
    const { stdout } = await promisify(execFile)(program, args);
    const total = /(\d+) requests in ([\d.]+)s/.exec(stdout);
    if (!total || /Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
    return { requests: Number(total[1]), seconds: Number(total[2]) };
  };
}
