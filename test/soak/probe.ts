// Loaded into the relay's process ahead of it: tells, when asked over IPC, what only the inside knows.

export type Inside = {
  heapBytes: number;
  /** What keeps the process alive, by kind, with its number. */
  resources: Record<string, number>;
};

process.on("message", () => {
  global.gc?.();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const inside: Inside = { heapBytes: process.memoryUsage().heapUsed, resources };
  process.send!(inside);
});
// Its own channel is no reason to stay.
process.channel!.unref();
