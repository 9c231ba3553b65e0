import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ConfigError } from "./error.ts";
import { stateFolder } from "./folders.ts";

/** A JSON file in which the relay remembers something, for the user alone. */
export type StateFile = {
  readonly path: string;
  /** Its content; `undefined` when there is none that can be read. */
  read(): unknown;
  /** Puts in its place what `edit` makes of its content (`undefined`: none yet). What `edit` throws changes nothing. */
  change(edit: (content: unknown) => object): void;
};

/** The file of this name in the user's state folder. */
export function stateFile(env: NodeJS.ProcessEnv, name: string): StateFile {
  const folder = stateFolder(env);
  const path = join(folder, name);

  function change(edit: (content: unknown) => object): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    alone(`${path}.lock`, () => {
      const text = `${JSON.stringify(edit(strictly(path)), null, 2)}\n`;
      const next = `${path}.next`;
      rmSync(next, { force: true });
      writeFileSync(next, text, { mode: 0o600, flag: "wx", flush: true });
      // Whoever reads finds the old file or the new one, each whole, whenever this process ends.
      renameSync(next, path);
    });
  }

  return {
    path,
    read() {
      try {
        return JSON.parse(readFileSync(path, "utf8"));
      } catch {
        return undefined;
      }
    },
    change(edit) {
      try {
        change(edit);
      } catch (error) {
        const { code, syscall } = error as NodeJS.ErrnoException;
        if (syscall === undefined) throw error;
        throw new ConfigError(`${path} cannot be written (${code}).`);
      }
    },
  };
}

/** Before something is written over it, a file that cannot be read must be known to be none. */
function strictly(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError(`${path} is damaged: it is no JSON. Mend it, or remove it.`);
  }
}

/** Nobody holds the lock longer than it takes to write a small file: this old, its owner was killed. */
const abandonedMs = 5_000;

/** Does `work` while nobody else does work under this lock, in whatever process. */
function alone(lock: string, work: () => void): void {
  while (!take(lock)) {
    if (ageOf(lock) > abandonedMs) clear(lock);
    else sleep(2 + Math.random() * 8);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** One at a time, so that nobody takes away the lock of whoever was faster. */
function clear(abandoned: string): void {
  alone(`${abandoned}.lock`, () => {
    if (ageOf(abandoned) > abandonedMs) rmSync(abandoned, { force: true });
  });
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, "", { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function ageOf(lock: string): number {
  const stat = statSync(lock, { throwIfNoEntry: false });
  // Clocks are set back, too.
  return stat ? Math.abs(Date.now() - stat.mtimeMs) : 0;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
