import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type Folder = Disposable & {
  path: string;
  at(name: string): string;
  write(name: string, content: unknown, mode?: number): string;
  has(name: string): boolean;
};

/** A folder that ends with the test; anything but a text is written as JSON. */
export function createFolder(files: Record<string, unknown> = {}): Folder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "relay-config-")));
  const folder: Folder = {
    path,
    at: (name) => join(path, name),
    has: (name) => existsSync(join(path, name)),
    write(name, content, mode = 0o600) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
      chmodSync(file, mode);
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return folder;
}
