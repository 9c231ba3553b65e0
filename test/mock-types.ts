import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Something that the mock answered: the body of an answer, or an event of a stream. */
export type Said = { operation: string; method: string; kind: "Body" | "Event"; json: string };

const modules = join(import.meta.dirname, "..", "node_modules").replaceAll("\\", "/");

/** What the SDK promises, as it is on the wire: pages are what they are made from. */
const prelude = `
import OpenAI from "${modules}/openai/index.mjs";
import type { Stream } from "${modules}/openai/streaming.mjs";
import type * as Pages from "${modules}/openai/pagination.mjs";
declare const client: OpenAI;
type Method = (...args: never[]) => unknown;

type Ends = { object?: "list"; first_id?: string | null; last_id?: string | null; has_more?: boolean };
type Page<P> =
  P extends Pages.NextCursorPage<infer T> ? Pages.NextCursorPageResponse<T> & Ends
  : P extends Pages.ConversationCursorPage<infer T> ? Pages.ConversationCursorPageResponse<T> & Ends
  : P extends Pages.CursorPage<infer T> ? Pages.CursorPageResponse<T> & Ends
  : P extends Pages.Page<infer T> ? Pages.PageResponse<T> & Omit<Ends, "object"> & { next_page?: null; search_query?: string[] }
  : P;
type Promised<M extends Method> = Awaited<ReturnType<M>>;
type NoStream<P> = P extends Stream<unknown> ? never : P;
// On the wire "usage" is null until a response ends, there is "store", and the SDK itself adds "output_text".
type OnWire<P> = P extends { object: "response"; output: unknown }
  ? Omit<P, "output_text" | "usage"> & { store?: boolean; usage?: P extends { usage?: infer U } ? U | null : never }
  : P;
type Body<M extends Method> = Promised<M> extends void ? object : OnWire<Page<NoStream<Promised<M>>>>;
type Streamed<M extends Method> = Promised<M> extends infer P ? (P extends Stream<infer E> ? E : never) : never;
// Of speech the SDK has no type for events.
type Event<M extends Method> = [Streamed<M>] extends [never] ? object : EventOnWire<Streamed<M>>;
// The reason why a completion ends is null until then.
type EventOnWire<E> =
  E extends { response: infer R } ? Omit<E, "response"> & { response: OnWire<R> }
  : E extends { object: "text_completion"; choices: (infer C)[] }
    ? Omit<E, "choices"> & { choices: (Omit<C, "finish_reason"> & { finish_reason: string | null })[] }
  : E;
`;

/** What the compiler says against answers, by operation: they have to be what the SDK's types promise. */
export async function complaints(all: Said[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "mock-types-"));
  try {
    const lines = all.map(
      ({ kind, method, json }) => `{ const said: ${kind}<typeof ${method}> = ${json}; void said; }`,
    );
    const before = prelude.split("\n").length - 1;
    await writeFile(join(folder, "answers.ts"), prelude + lines.join("\n"));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(compilerConfig));
    const tsc = join(modules, "typescript", "bin", "tsc");
    const failed = await promisify(execFile)(
      process.execPath,
      [tsc, "-p", folder, "--pretty", "false"],
      {
        cwd: folder,
        maxBuffer: 64 * 1024 ** 2,
      },
    ).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    return failed.split(/\n(?=\S)/).flatMap((text) => {
      const [, line, column, said = ""] =
        /^answers\.ts\((\d+),(\d+)\): error (.*)/s.exec(text) ?? [];
      if (!line) return text ? [text] : [];
      const near = lines[Number(line) - before - 1]?.slice(Number(column) - 1, Number(column) + 40);
      return [`${all[Number(line) - before - 1]?.operation} at ${near}: ${said}`];
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const compilerConfig = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable", "dom", "dom.iterable"],
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    typeRoots: [join(modules, "@types")],
    types: ["node"],
  },
  files: ["answers.ts"],
};
