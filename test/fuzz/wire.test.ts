import { setTimeout as soon } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzz, limits } from "../support/fuzz.ts";
import { mutant } from "../support/mutants.ts";
import { rawConnection, rawExchange } from "../support/raw.ts";
import { startRelay, testKey } from "../support/relay.ts";
import { startWire, valuesOf } from "../support/wire.ts";

// Row 92.
test(
  "whatever is sent, the relay lives on and forwards nothing but proper requests",
  limits,
  async () => {
    await using wire = await startWire();
    await using relay = await startRelay({
      upstream: wire.url,
      allowedOrigins: ["https://app.example"],
      "timeouts.upload": "1s",
    });
    const { host } = new URL(wire.url);
    let checked = 0;

    async function send(bytes: string, isPatient: boolean): Promise<void> {
      using connection = await rawConnection(relay.port, bytes);
      // Many a mutant waits for more, as it should.
      if (isPatient) await Promise.race([connection.until("HTTP").catch(() => {}), soon(20)]);
      connection.socket.end();
      await connection.closed();
    }

    const many = fc.array(fc.tuple(mutant, fc.boolean()), { minLength: 32, maxLength: 32 });
    await fuzz(many, async (mutants) => {
      await Promise.all(mutants.map(([bytes, isPatient]) => send(bytes, isPatient)));
      for (; checked < wire.requests.length; checked++)
        expect(faultsOf(wire.requests[checked]!, host)).toEqual([]);
    });

    expect(checked).toBeGreaterThan(20);
    const alive = "GET /_relay/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    expect(await rawExchange(relay.port, alive)).toMatch(/^HTTP\/1.1 200 /);
    await expect.poll(() => relay.live).toBe(0);
  },
);

/** What is wrong with a request that upstream got. */
function faultsOf(request: string, host: string): string[] {
  const start = request.split("\r\n", 1)[0]!;
  const proof = valuesOf(request, "authorization");
  const framing = [
    ...valuesOf(request, "content-length"),
    ...valuesOf(request, "transfer-encoding"),
  ];
  const isHandshake = start.startsWith("GET ") && valuesOf(request, "connection")[0] === "Upgrade";
  const faults = {
    start: !/^[A-Z-]+ \/v1(?=[/?]| )[!-"$-~]* HTTP\/1\.1$/.test(start) || start.startsWith("TRACE"),
    dots: /\/\.\.?(?:[/?]| )/.test(start.split("?", 1)[0]!),
    host: valuesOf(request, "host").join() !== host,
    proof: proof.length !== 1 || !/^Bearer (ek_.*)?$/i.test(proof[0]!.replace(testKey, "")),
    framing: framing.length > 1 || !/^(\d+|chunked)?$/.test(framing.join()),
    hop: /\r\n(?:te|trailer|expect|origin|keep-alive|http2-settings):/i.test(request),
    upgrade: valuesOf(request, "upgrade").join() !== (isHandshake ? "websocket" : ""),
    bytes: /[\0\x7f]|[^\r]\n|\r[^\n]/.test(request.slice(0, request.indexOf("\r\n\r\n"))),
  };
  return Object.entries(faults).flatMap(([name, isFault]) =>
    isFault ? [`${name}: ${request}`] : [],
  );
}
