import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { check, expectFailure, expectWarning, find } from "./support/check.ts";
import { runCommand, startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";

// CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

async function startOther() {
  const server = createServer((socket) =>
    socket
      .on("error", () => {})
      .resume()
      .end("hello\r\n"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: `${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

describe("the relay's own port", () => {
  test("may be taken, and by whom is told", async () => {
    await using other = await startOther();

    const report = await check({ mock: true, port: other.port });
    const { code, stdout } = await runCommand([
      ...["check", "--no-config", "--mock", "--port", other.port],
    ]);

    expectFailure(report, {
      ...{ code: 1, failed: "port", detail: /^port \d+ is taken by pid 4242, other$/ },
      hint: /Stop it.*--port 0/,
    });
    expect(code).toBe(1);
    if (process.platform === "linux") expect(stdout).toContain(`is taken by pid ${process.pid}, `);
  });

  test("may be that of a relay already", async () => {
    await using relay = await startRelay({ mock: true });

    const report = await check({ mock: true, port: `${relay.port}` });

    expect(find(report, "port")).toMatchObject({
      status: "passed",
      detail: `a relay serves there already: http://127.0.0.1:${relay.port}`,
    });
  });

  test("is free as soon as nobody has it", async () => {
    const { port } = await (async () => {
      await using other = await startOther();
      return other;
    })();

    const first = await check({ mock: true, port });
    const second = await check({ mock: true, port });

    for (const report of [first, second])
      expect(find(report, "port")?.detail).toBe(`127.0.0.1:${port} is free`);
  });

  test("may be on an address that this machine has not", async () => {
    const token = "let-me-in-please-0123456789";

    const report = await check(
      { mock: true, port: "18484", host: "192.0.2.77" },
      { env: { RELAY_TOKENS: token } },
    );

    expectFailure(report, {
      ...{ code: 1, failed: "port", detail: /192\.0\.2\.77:18484 \(EADDRNOTAVAIL\)/ },
      hint: /Set host to an address of this machine/,
    });
  });

  test("is not wanted where a Unix socket is", async () => {
    const report = await check({ mock: true, port: "8484", socket: "/nonexistent/relay.sock" });

    expect(find(report, "port")).toMatchObject({ status: "skipped", detail: /Unix socket/ });
  });
});

describe.runIf(existsSync("/.dockerenv"))("inside of a container", () => {
  test("loopback is its own, and a wider address is not", async () => {
    const env = { RELAY_TOKENS: "let-me-in-please-0123456789" };

    const own = await check({ mock: true });
    const wide = await check({ mock: true, host: "0.0.0.0" }, { env });

    expect(find(own, "docker")).toMatchObject({
      status: "skipped",
      detail: "this is a container: 127.0.0.1 is its own",
    });
    expect(find(wide, "docker")).toMatchObject({ status: "passed", detail: /0\.0\.0\.0$/ });
  });
});

/** Whether a program may have a network of its own here. */
const mayUnshare = (() => {
  try {
    execFileSync("unshare", ["-Urnm", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!mayUnshare)("loopback, in a network of its own", () => {
  async function inside(setup: string) {
    const line = `${setup}; exec "${process.execPath}" "${cli}" check --no-config --mock --json --port 0`;
    await using program = startProgram("unshare", ["-Urnm", "sh", "-c", line]);
    const { stdout, code } = await program.ended;
    return { report: JSON.parse(stdout), code };
  }

  test("without IPv6 there is one address", async () => {
    const { report } = await inside(
      "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6",
    );

    expect(find(report, "loopback")?.detail).toMatch(/^127\.0\.0\.1; localhost → /);
  });

  test("a localhost that means an address which is not there is a warning", async () => {
    using folder = createFolder({ hosts: "127.0.0.1 other\n::1 localhost\n" });
    const hosts = `mount --bind ${folder.at("hosts")} /etc/hosts`;
    const noIPv6 = "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6";

    const { report } = await inside(`${noIPv6}; ${hosts}`);

    expectWarning(report, {
      ...{ name: "loopback", hint: /http:\/\/127\.0\.0\.1 instead of localhost/ },
      detail: /^127\.0\.0\.1; localhost → ::1: ::1 is not there$/,
    });
  });

  test("without any there is nothing to serve on", async () => {
    const { report, code } = await inside("true");

    expectFailure(report, {
      ...{
        code: 1,
        failed: "loopback",
        detail: /no loopback interface/,
        hint: /ip link set lo up/,
      },
    });
    expect(code).toBe(1);
  });
});
