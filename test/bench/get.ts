import { openConnection, readHead } from "./connection.ts";

/** The body of a small answer; it must be a 200. */
export function get(port: number, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = Buffer.alloc(0);
  const socket = openConnection(port, {
    opened: () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
    received(bytes, length) {
      answer = Buffer.concat([answer, bytes.subarray(0, length)]);
      const { headBytes, bodyBytes } = readHead(answer, answer.length);
      if (answer.length < headBytes + bodyBytes) return;
      resolve(answer.toString("latin1", headBytes));
      socket.destroy();
    },
    lost: reject,
  });
  return promise;
}
