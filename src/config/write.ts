import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "./error.ts";
import { display } from "./folders.ts";
import { findProjectFile } from "./search.ts";
import { settings } from "./settings.ts";

/** Writes a config file with a few defaults; the schema explains them and all others in an editor. */
export async function writeFirstFile(cwd: string): Promise<string> {
  const found = await findProjectFile(cwd, []);
  if (found && dirname(found) === cwd)
    throw new ConfigError(`${display(found, cwd)} is there already`);
  const first = {
    $schema: "./node_modules/openai-relay/dist/config.schema.json",
    version: 1,
    port: settings.port.default,
    upstream: settings.upstream.default,
    timeouts: { connect: settings.timeouts.connect.default },
    log: { level: settings.log.level.default },
  };
  try {
    const text = `${JSON.stringify(first, null, 2)}\n`;
    writeFileSync(join(cwd, "relay.config.json"), text, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "is there already" : `cannot be written (${code})`;
    throw new ConfigError(`./relay.config.json ${why}`);
  }
  return "./relay.config.json";
}
