import type { Relay } from "../relay.ts";

/** One Ctrl+C can arrive twice, from the terminal and from npm, within milliseconds. */
const sameSignalMs = 300;

/** First signal: live answers may finish, exit 0. Second: cut now, exit 130 or 143. Gives what a signal does. */
export function stopOnSignals(relay: Relay): (signal: NodeJS.Signals) => void {
  let since: number | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (since !== undefined) {
      if (performance.now() - since < sameSignalMs) return;
      relay.server.cut();
      process.exit(signal === "SIGINT" ? 130 : 143);
    }
    since = performance.now();
    const waiting = describeLive(relay);
    if (waiting !== "") process.stderr.write(`Waiting for ${waiting}; again cuts.\n`);
    relay.stop().then(
      () => process.exit(0),
      (error: Error) => {
        process.stderr.write(`The relay did not stop as it should: ${error.message}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return stop;
}

/** `2 live answers and 1 WebSocket`; empty when nothing is open. */
function describeLive({ server: { live, tunnels } }: Relay): string {
  const answers = live > 0 ? [`${live} live answer${live > 1 ? "s" : ""}`] : [];
  const sockets = tunnels > 0 ? [`${tunnels} WebSocket${tunnels > 1 ? "s" : ""}`] : [];
  return [...answers, ...sockets].join(" and ");
}
