/** Whether an address can be reached from this machine only: `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Whether a URL leads to the relay that listens there; port 0 is not known yet. */
export function pointsAt(url: string, host: unknown, port: unknown): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, port: given, protocol } = new URL(url);
  const name = hostname.replace(/^\[|\]$/g, "");
  const target = Number(given || (protocol === "https:" ? 443 : 80));
  return target === port && port !== 0 && (isLoopback(name) || isAny(name) || name === host);
}

/** The unspecified address: as a destination it is this machine. */
function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
