import type { WriteStream } from "node:tty";
import { formatCheck, formatRunning } from "./print.ts";
import type { Step, Watcher } from "./step.ts";

/** Begins the line again, and clears it. */
const again = "\r\x1b[K";

/** The checklist as it grows; on a terminal the step that is being taken is shown as well. */
export function createChecklist(output: NodeJS.WriteStream, remarks: NodeJS.WriteStream): Watcher {
  const isLive = (output as WriteStream).isTTY === true && process.env.TERM !== "dumb";
  let ticker: NodeJS.Timeout | undefined;

  function clear(): void {
    if (ticker) output.write(again);
    clearInterval(ticker);
    ticker = undefined;
  }

  return {
    begun(step: Step) {
      if (!isLive) return;
      let seconds = 0;
      // What it does may change while it goes on.
      const show = () =>
        output.write(again + formatRunning(step.name, step.doing ?? "", seconds++));
      show();
      ticker = setInterval(show, 1000).unref();
    },
    done(check) {
      clear();
      output.write(formatCheck(check));
    },
    remark(text) {
      clear();
      remarks.write(`${text}\n`);
    },
  };
}
