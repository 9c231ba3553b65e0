import { createRequire } from "node:module";
import type { Target } from "./targets.ts";

// Runs on the Node that `makers` names, in a folder of its own for HOME and TMPDIR: see `assemble`.
// pkg's function and not its command, which passes none of these settings on to Node.
type Sea = typeof import("pkg/lib-es5/sea.js");

export type Plan = {
  bundle: string;
  /** As Node is to call the bundle: it keeps the name, so it must not be one of this machine's. */
  name: string;
  target: Target;
  output: string;
  codeCache: boolean;
};

const require = createRequire(import.meta.url);
const { default: sea }: Sea = require("pkg/lib-es5/sea.js");
const { bundle, name, target, output, codeCache }: Plan = JSON.parse(process.argv[2]!);
const { system: platform, arch, node } = target;

const seaConfig = {
  main: name,
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: codeCache,
};
await sea(bundle, {
  targets: [{ nodeRange: `node${node.version}`, platform, arch, output }],
  signature: false,
  seaConfig,
});
