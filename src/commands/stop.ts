import type { Serving } from "../relay.ts";

/** One Ctrl+C can arrive twice, from the terminal and from npm, within milliseconds. */
const sameSignalMs = 300;

/** First signal: live answers may finish, exit 0. Second: cut now, exit 130 or 143. Gives what a signal does. */
export function stopOnSignals(relay: Serving): (signal: NodeJS.Signals) => void {
  let since: number | undefined;
  let exitCode = 0;
  const exit = () => process.exit(exitCode);
  const stop = (signal: NodeJS.Signals) => {
    if (since !== undefined) {
      if (performance.now() - since < sameSignalMs) return;
      exitCode = signal === "SIGINT" ? 130 : 143;
      void relay.cut().then(exit);
      return;
    }
    since = performance.now();
    void relay.open().then(sayWaiting);
    relay.stop().then(exit, (error: Error) => {
      process.stderr.write(`The relay did not stop as it should: ${error.message}\n`);
      process.exit(1);
    });
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return stop;
}

/** `Waiting for 2 live answers and 1 WebSocket`; nothing when nothing is open. */
function sayWaiting({ answers, webSockets }: Awaited<ReturnType<Serving["open"]>>): void {
  const parts = [
    ...(answers > 0 ? [`${answers} live answer${answers > 1 ? "s" : ""}`] : []),
    ...(webSockets > 0 ? [`${webSockets} WebSocket${webSockets > 1 ? "s" : ""}`] : []),
  ];
  if (parts.length > 0) process.stderr.write(`Waiting for ${parts.join(" and ")}; again cuts.\n`);
}
