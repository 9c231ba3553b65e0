import { basename, join } from "node:path";
import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { badUsage, CurlError } from "./failure.ts";
import type { CurlOptions } from "./options.ts";
import { Sink } from "./sink.ts";

/** Where the body goes: standard output, the file of `-o`, or one named after `target`. */
export function createOutput(options: CurlOptions, target: string): Sink {
  const { output = "-", remoteName, remoteHeaderName, createDirs, include, head } = options;
  if (remoteHeaderName && (include || head))
    throw badUsage("-J names a file for the body alone: leave -i and -I out");
  const name = remoteName ? nameIn(target) : output;
  return new Sink(placed(name, options), createDirs);
}

/** With `-J` the answer may name the file; one that is there already is not touched. */
export function renameOutput(sink: Sink, headers: HeaderList, options: CurlOptions): void {
  if (!options.remoteName || !options.remoteHeaderName) return;
  const name = fileNameIn(headerOf(headers, "content-disposition") ?? "");
  if (name === undefined) return;
  sink.path = placed(name, options);
  sink.isNew = true;
}

function placed(name: string, { outputDir }: CurlOptions): string {
  return outputDir && name !== "-" ? join(outputDir, name) : name;
}

function nameIn(target: string): string {
  const name = /([^/?]*)(?:\?|$)/.exec(target)?.[1];
  if (name) return name;
  throw new CurlError(23, "-O: the URL does not end in a name for the file");
}

/** The name of `Content-Disposition`, never more than a name: no folder that somebody else chose. */
function fileNameIn(disposition: string): string | undefined {
  const [, quoted, plain] =
    /;\s*filename=(?:"((?:\\.|[^"\\])*)"|([^;\s]*))/i.exec(disposition) ?? [];
  const name = basename((quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "").replaceAll("\\", "/"));
  return /^\.*$/.test(name) ? undefined : name;
}
