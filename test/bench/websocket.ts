import { setTimeout as pause } from "node:timers/promises";
import { now } from "./clock.ts";
import { openConnection } from "./connection.ts";
import { askTunnel, message } from "./wire.ts";

type Load = { port: number; connections: number; ms: number };

/** Sends a message over each of so many tunnels, and the next one when it has come back. */
export async function talk({
  port,
  connections,
  ms,
}: Load): Promise<{ messages: number; seconds: number }> {
  let messages = 0;
  const startedAt = now();
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const sockets = Array.from({ length: connections }, () => {
    let left = 0;
    const say = () => {
      left = message.length;
      socket.write(message);
    };
    const socket = openConnection(port, {
      opened: () => socket.write(askTunnel),
      received(bytes, length) {
        if (left === 0) {
          const text = bytes.toString("latin1", 0, length);
          if (!text.startsWith("HTTP/1.1 101 ") || !text.endsWith("\r\n\r\n"))
            return reject(new Error(`Not a 101: ${text}`));
          return say();
        }
        left -= length;
        if (left > 0) return;
        messages++;
        say();
      },
      lost: reject,
    });
    return socket;
  });
  await Promise.race([pause(ms), broken]);
  for (const socket of sockets) socket.destroy();
  broken.catch(() => {});
  return { messages, seconds: (now() - startedAt) / 1e6 };
}
