import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { createLink } from "../../src/inspector/link.ts";

export type Shown = { status: number; headers: IncomingHttpHeaders; body: string };

/** Asks as any program could, whatever a browser would not let a page say. */
export function visit(
  port: number,
  path: string,
  { body, ...options }: RequestOptions & { body?: string } = {},
): Promise<Shown> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path, agent: false, ...options });
    asked.on("error", reject);
    asked.on("response", async (answer) => {
      const bytes = await buffer(answer);
      const { statusCode, headers } = answer;
      resolve({ status: statusCode!, headers, body: bytes.toString() });
    });
    asked.end(body);
  });
}

/** The path of a new link. */
export function newLink(env: NodeJS.ProcessEnv, port: number): string {
  const { pathname, search } = new URL(createLink(env, "http://relay", port));
  return pathname + search;
}

/** Opens a link. Returns the cookie that lets in. */
export async function letIn(env: NodeJS.ProcessEnv, port: number): Promise<string> {
  const { headers } = await visit(port, newLink(env, port));
  return headers["set-cookie"]![0]!.split(";", 1)[0]!;
}
