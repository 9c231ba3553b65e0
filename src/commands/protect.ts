/** What somebody who shares this machine's user could pull the key out with. */
export function protectProcess(): void {
  // Node would open its debugger on this signal.
  if (process.platform !== "win32") process.on("SIGUSR1", () => {});
  if (process.report) process.report.excludeEnv = true;
}

/** What Node is told by the environment, and the relay does not follow. */
export function environmentRemarks(): string[] {
  const remarks: string[] = [];
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === "0")
    remarks.push(
      "NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored: the key travels over verified TLS only.",
    );
  if (/insecure-http-parser/.test(process.env.NODE_OPTIONS ?? ""))
    remarks.push(
      "--insecure-http-parser in NODE_OPTIONS is ignored: it lets requests be smuggled.",
    );
  return remarks;
}
