import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const modules = join(import.meta.dirname, "../../node_modules");

/** What the SDK says that servers send, and what is on the wire beside it. */
const prelude = `
import type { RealtimeServerEvent } from "${modules}/openai/resources/realtime/realtime.mjs";
import type { ResponsesServerEvent } from "${modules}/openai/resources/responses/responses.mjs";
type Session = { id: string; object: string; expires_at: number };
// The SDK adds "output_text"; until a response ends "usage" is null.
type OnWire<R> = R extends { usage?: infer U } ? Omit<R, "output_text" | "usage"> & { usage?: U | null } : R;
type Realtime<E = RealtimeServerEvent> =
  E extends { session: infer S } ? Omit<E, "session"> & { session: S & Session } : E;
type Responses<E = ResponsesServerEvent> =
  E extends { response: infer R } ? Omit<E, "response"> & { response: OnWire<R> & { store?: boolean } }
  : E extends { type: "error"; error: unknown } ? E & { headers?: Record<string, string> }
  : E;
`;

const compilerOptions = {
  ...{ target: "es2024", lib: ["es2024", "dom"], module: "nodenext", strict: true },
  ...{ noEmit: true, skipLibCheck: true, typeRoots: [join(modules, "@types")], types: ["node"] },
};

export type Told = { api: "Realtime" | "Responses"; event: object };

/** What the compiler says against events: each has to be one that the SDK's types know. */
export async function complaintsAbout(all: Told[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "event-types-"));
  const lines = all.map(({ api, event }) => `void (${JSON.stringify(event)} satisfies ${api});`);
  const config = { compilerOptions, files: ["events.ts"] };
  await writeFile(join(folder, "events.ts"), prelude + lines.join("\n"));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(modules, ".bin", "tsc");
  const said = await promisify(execFile)(tsc, ["-p", folder, "--pretty", "false"], {
    cwd: folder,
  }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  await rm(folder, { recursive: true });
  const before = prelude.split("\n").length;
  return said.replace(/^events\.ts\((\d+),.*?\)/gm, (place, line) => {
    return `${place} ${JSON.stringify(all[Number(line) - before]?.event)?.slice(0, 300)}`;
  });
}
