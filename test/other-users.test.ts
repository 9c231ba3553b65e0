import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { describe, expect, test } from "vitest";
import { hasOtherUsers } from "../src/server/accounts.ts";
import { startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startWire } from "./support/wire.ts";

// Whoever has an account on the machine that the tests run on.
const refusing = { otherUsers: "refuse" };
const get = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** A program of its own, because only one that is started as another user is one. */
const program = `
const { connect } = require("node:net");
const [port, host, how, localAddress] = process.argv.slice(1);
const bytes = require("node:fs").readFileSync(0);
const socket = connect({ port, host, ...(localAddress && { localAddress }) }, () => {
  socket.write(bytes, () => how === "stay" || (how === "reset" ? socket.resetAndDestroy() : socket.destroy()));
});
socket.on("data", (data) => process.stdout.write(data));
socket.on("error", () => {});
`;

type Call = {
  port: number;
  uid: number;
  host?: string;
  how?: string;
  from?: string;
  bytes?: string;
};

/** Asks as another user; what came back. */
async function askAs({ port, uid, host = "127.0.0.1", how = "stay", from = "", ...call }: Call) {
  const args = ["-e", program, String(port), host, how, from];
  const child = spawn(process.execPath, args, { uid, gid: uid, cwd: "/", env: {} });
  child.stdin.end(call.bytes ?? get);
  let text = "";
  child.stdout.on("data", (data) => {
    text += data;
  });
  await once(child, "close");
  return text;
}

// Only root can be somebody else, and only Linux tells.
const canTell = process.platform === "linux" && process.getuid?.() === 0;

describe.runIf(canTell)("a program of another user", () => {
  test.each([
    ["127.0.0.1", ""],
    ["::1", ""],
    ["localhost", ""],
    // The row of this one stands in the table of IPv6.
    ["::ffff:127.0.0.1", ""],
    ["127.0.0.1", "127.0.0.77"],
  ])("that dials %s from %j is turned away before it is read", async (host, from) => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, ...refusing });

    const answer = await askAs({ port: relay.port, uid: 65_533, host, from });

    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain("\r\nx-relay-error: other_user\r\n");
    expect(answer).toContain("\r\nConnection: close\r\n");
    expect(answer).toMatch(/otherUsers.*tokens/);
    expect(wire.received).toBe("");
    const { ending, error } = await relay.nextOutcome();
    expect([ending, error?.code]).toEqual(["refused", "other_user"]);
  });

  test("whose user is nobody is one too", async () => {
    await using relay = await startRelay({ mock: true, ...refusing });

    expect(await askAs({ port: relay.port, uid: 65_534 })).toContain("other_user");
  });

  test.each([
    ["leave", ""],
    ["reset", ""],
    ["leave", "x".repeat(300_000)],
  ])("cannot spend anything by a %s before it is looked at", async (how, body) => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, ...refusing });
    const bytes = `POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

    const call = { port: relay.port, uid: 65_533, how, bytes };
    for (let round = 0; round < 5; round++)
      await Promise.all([askAs(call), askAs(call), askAs(call)]);
    await rawExchange(relay.port, get);

    // What came through is the call of this process alone.
    expect(wire.requests).toHaveLength(1);
    expect(wire.received).toBe(wire.requests[0]);
  });

  test("gets in where otherUsers or a token lets it", async () => {
    await using open = await startRelay({ mock: true, otherUsers: "allow" });
    await using guarded = await startRelay({ mock: true, requireToken: true, ...refusing });

    expect(await askAs({ port: open.port, uid: 65_533 })).toMatch(/^HTTP\/1\.1 200 /);
    expect(await askAs({ port: guarded.port, uid: 65_533 })).toContain("invalid_relay_token");
  });

  test("stays out when a reload takes away the tokens that it was asked for", async () => {
    using folder = createFolder();
    const file = folder.at("relay.config.json");
    const settings = { port: 0, mock: true, ...refusing };
    writeFileSync(file, JSON.stringify({ ...settings, requireToken: true }));
    await using relay = startCommand(["start", "--config", file]);
    const [, port] = await relay.until("stdout", /:(\d+)\/v1\n/);
    const call = { port: Number(port), uid: 65_533 };
    const before = await askAs(call);

    writeFileSync(file, JSON.stringify(settings));
    relay.child.kill("SIGHUP");
    await relay.until("stderr", /^Reloaded, changed: requireToken/m);

    expect(before).toContain("invalid_relay_token");
    expect(await askAs(call)).toContain("other_user");
    expect(await rawExchange(call.port, get)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("otherUsers: auto looks where somebody else can log in", () => {
  const root =
    "root:x:0:0:root:/root:/bin/bash\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nsync:x:4:65534::/bin:/bin/sync";
  test.each<[boolean, string, string?]>([
    [false, root],
    [false, `${root}\nme:x:1000:1000::/home/me:/bin/bash`],
    [true, `${root}\nyou:x:1001:1001::/home/you:/bin/zsh`],
    [true, `${root}\nyou:x:1001:1001::/home/you:`],
    [true, `${root}\ndb:x:101:101::/var/lib/db:/bin/bash`],
    [false, root, "passwd: files systemd\n"],
    [true, root, "passwd:\t files sss\n"],
    [true, root, "group: files\npasswd: files [SUCCESS=return] ldap\n"],
  ])("%s: %j %j", (expected, passwd, nsswitch = "") => {
    using etc = createFolder({ passwd, "nsswitch.conf": nsswitch });

    expect(hasOtherUsers(etc.path, 1000)).toBe(expected);
  });

  test("or where that cannot be known", () => {
    using etc = createFolder();

    expect(hasOtherUsers(etc.path, 1000)).toBe(true);
  });
});

test("many connections at once are all let in, in few looks", async () => {
  await using relay = await startRelay({ mock: true, ...refusing });

  const answers = await Promise.all(
    Array.from({ length: 300 }, () => rawExchange(relay.port, get)),
  );

  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test("what a client sends while it is looked at arrives whole and in order", async () => {
  await using wire = await startWire();
  await using relay = await startRelay({ upstream: wire.url, ...refusing });
  const body = "0123456789".repeat(30_000);
  const head = `POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;

  using connection = await rawConnection(relay.port, head.slice(0, 20));
  connection.socket.write(head.slice(20) + body);

  expect((await wire.next()).slice(-body.length)).toBe(body);
});

test("a relay that stops does not wait for somebody it has not looked at yet", async () => {
  const relay = await startRelay({ mock: true, ...refusing });
  const connections = await Promise.all(
    Array.from({ length: 20 }, () => rawConnection(relay.port)),
  );

  await relay.stop();

  for (const connection of connections) await connection.closed();
  expect(await canListen(relay.port)).toBe(true);
});

async function canListen(port: number): Promise<boolean> {
  const server: Server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
  return true;
}
