import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createFolder, type Folder } from "./folder.ts";
import { startRelay, type TestRelay } from "./relay.ts";

export type TapeFolder = Folder & {
  /** Records what happens while `use` runs; the tape is whole when this resolves. */
  record<T>(
    upstream: string,
    use: (relay: TestRelay) => Promise<T>,
    flags?: Flags,
    env?: NodeJS.ProcessEnv,
  ): Promise<T>;
  /** The same with what is on the tape, where nobody else can answer. */
  replay<T>(use: (relay: TestRelay) => Promise<T>, flags?: Flags): Promise<T>;
  names(): string[];
  /** The lines of a file, or of the only one. */
  lines(name?: string): Record<string, unknown>[];
};

type Flags = Record<string, string | string[]>;

/** A folder for a tape that ends with the test. */
export function createTapeFolder(): TapeFolder {
  const folder = createFolder();
  const during = async <T>(
    flags: Flags,
    use: (relay: TestRelay) => Promise<T>,
    env: NodeJS.ProcessEnv = {},
  ): Promise<T> => {
    await using relay = await startRelay(flags, { env });
    return await use(relay);
  };
  const names = () => readdirSync(folder.path).sort();
  return {
    ...folder,
    names,
    record: (upstream, use, flags, env) =>
      during({ upstream, record: folder.path, ...flags }, use, env),
    replay(use, flags) {
      // Nothing listens there.
      return during({ upstream: "http://127.0.0.1:9", replay: folder.path, ...flags }, use);
    },
    lines(name = names()[0]!) {
      const text = readFileSync(join(folder.path, name), "utf8");
      return text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}
