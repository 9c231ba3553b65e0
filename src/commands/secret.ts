import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { toText } from "../config/read.ts";
import { ExitError } from "../exit.ts";

/** What is piped in, or what somebody types who is asked for it; it is not shown. */
export async function readSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return toText(await buffer(stdin)).trim();

  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  stderr.write(`${question}: `);
  try {
    return await new Promise<string>((resolve, reject) => {
      line.once("line", (text) => resolve(text.trim()));
      line.once("close", () => resolve(""));
      line.once("SIGINT", () => reject(new ExitError(130)));
    });
  } finally {
    line.close();
    stderr.write("\n");
  }
}
