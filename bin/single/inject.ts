import { createRequire } from "node:module";
import type { Target } from "./targets.ts";

// Runs on the Node that `makers` names, in a folder of its own for HOME and TMPDIR: see `assemble`.
// pkg's function and not its command, which passes none of these settings on to Node.
type Sea = typeof import("pkg/lib-es5/sea.js");

export type Plan = {
  /** The script to start with, also as Node is to call it: it keeps that name. */
  main: string;
  name: string;
  /** Files to put in beside it. */
  assets: Record<string, string>;
  target: Target;
  output: string;
};

const require = createRequire(import.meta.url);
const { default: sea }: Sea = require("pkg/lib-es5/sea.js");
const { main, name, assets, target, output }: Plan = JSON.parse(process.argv[2]!);
const { system: platform, arch, node } = target;

const seaConfig = {
  main: name,
  assets,
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: false,
};
await sea(main, {
  targets: [{ nodeRange: `node${node.version}`, platform, arch, output }],
  signature: false,
  seaConfig,
});
