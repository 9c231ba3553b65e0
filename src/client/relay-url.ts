/** Where a relay runs. On a Unix socket node:http goes to `socketPath`, whatever the host. */
export type RelayUrl = URL & { socketPath?: string };

/** What `--relay` was given: `http://127.0.0.1:8484`, or `unix:/run/relay.sock` as `relay start` prints it. */
export function toRelayUrl(text: string): RelayUrl | undefined {
  const [, socketPath] = /^unix:(?:\/\/)?(\/.+)$/.exec(text) ?? [];
  if (socketPath !== undefined) return Object.assign(new URL("http://localhost"), { socketPath });
  const url = URL.parse(text);
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}
