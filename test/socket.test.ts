import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { type Ended, runCommand, startCommand, startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { follow } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";
import { startWire } from "./support/wire.ts";

const closing = "Connection: close\r\n\r\n";

/** Sends bytes over a Unix socket and returns all that comes back. */
async function exchange(path: string, bytes: string): Promise<string> {
  const socket = connect({ path });
  using connection = follow(socket);
  socket.write(bytes, "latin1");
  return (await connection.closed()).text;
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("a relay on a Unix socket", () => {
  test("answers whatever name it is called by, but to no web page", async () => {
    using folder = createFolder();
    await using wire = await startWire();
    const socket = folder.at("relay.sock");
    await using relay = await startRelay({ upstream: wire.url, socket });

    for (const host of ["localhost", "docker", "evil.example:1", "[::1%25x]", "api.openai.com"]) {
      const answer = await exchange(socket, `GET /v1/x HTTP/1.1\r\nHost: ${host}\r\n${closing}`);
      expect(answer, host).toMatch(host.includes("%") ? /^HTTP\/1\.1 400 / : /^HTTP\/1\.1 200 /);
    }
    const page = await exchange(
      socket,
      `GET /v1/x HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n${closing}`,
    );

    expect(page).toContain("origin_not_allowed");
    expect(wire.requests).toHaveLength(4);
    expect(wire.requests.join()).not.toMatch(/docker|evil/);
    expect(relay.port).toBe(0);
  });

  test("streams, uploads and tells when a client leaves, as on a port", async () => {
    using folder = createFolder();
    const left = Promise.withResolvers<void>();
    await using upstream = await startUpstream((req, res) => {
      res.on("close", () => req.url === "/v1/left" && left.resolve());
      req.resume().on("end", () => {
        res.write("data: one\n\n");
        if (req.url !== "/v1/left") res.end("data: two\n\n");
      });
    });
    const socketPath = folder.at("relay.sock");
    await using relay = await startRelay({ upstream: upstream.url, socket: socketPath });

    const body = "x".repeat(300_000);
    const asked = request({ socketPath, path: "/v1/files", method: "POST" });
    asked.end(body);
    const [answer] = await once(asked, "response");
    let text = "";
    for await (const chunk of answer) text += chunk;
    const leaving = connect({ path: socketPath });
    using connection = follow(leaving);
    leaving.write("GET /v1/left HTTP/1.0\r\n\r\n");
    await connection.until("data: one");
    leaving.destroy();
    await left.promise;

    expect(text).toBe("data: one\n\ndata: two\n\n");
    expect(upstream.seen[0]!.body.toString()).toBe(body);
    expect((await relay.nextOutcome()).ending).toBe("complete");
    expect((await relay.nextOutcome()).ending).toBe("client_left");
  });

  test("breaks an answer off there too when upstream does", async () => {
    using folder = createFolder();
    await using upstream = await startUpstream((_req, res) => {
      res.write("data: one\n\n", () => res.socket!.resetAndDestroy());
    });
    const socket = folder.at("relay.sock");
    await using relay = await startRelay({ upstream: upstream.url, socket });

    const kept = await exchange(socket, `GET /v1/x HTTP/1.1\r\nHost: localhost\r\n${closing}`);
    await exchange(socket, "GET /v1/x HTTP/1.0\r\n\r\n");

    expect(kept).not.toMatch(/\r\n0\r\n\r\n$/);
    expect((await relay.nextOutcome()).ending).toBe("upstream_broke");
    expect((await relay.nextOutcome()).ending).toBe("upstream_broke");
  });

  test("listens on no port, and tells nothing apart by user", async () => {
    using folder = createFolder();
    const flags = { mock: true, socket: folder.at("s"), otherUsers: "refuse" };
    await using _relay = await startRelay(flags);

    const answer = await exchange(flags.socket, `GET /v1/models HTTP/1.1\r\nHost: x\r\n${closing}`);

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("the socket file", () => {
  test("is its owner's alone, in a folder that is too, and ends with the relay", async () => {
    using folder = createFolder();
    const socket = folder.at("made/for/it/relay.sock");
    const before = process.umask(0);
    const relay = await startRelay({ mock: true, socket }).finally(() => process.umask(before));

    expect(lstatSync(socket).isSocket()).toBe(true);
    expect(modeOf(socket)).toBe("600");
    expect(modeOf(folder.at("made"))).toBe("700");
    expect(modeOf(folder.at("made/for/it"))).toBe("700");
    await relay.stop();
    expect(existsSync(socket)).toBe(false);
  });

  test("that a relay left which was killed is replaced", async () => {
    using folder = createFolder();
    const socket = folder.at("relay.sock");
    const args = ["start", "--mock", "--socket", socket];
    await using first = startCommand(args);
    await first.until("stdout", /unix:/);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(existsSync(socket)).toBe(true);

    await using second = startCommand(args);
    await second.until("stdout", /unix:/);

    expect(await exchange(socket, `GET /v1/models HTTP/1.1\r\nHost: x\r\n${closing}`)).toContain(
      "200 OK",
    );
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
    expect(existsSync(socket)).toBe(false);
  });

  test.each<[string, (path: string) => unknown, RegExp]>([
    ["a file", (path) => void mkdirSync(path), /no socket/],
    ["a link", (path) => symlinkSync("/tmp", path), /no socket/],
  ])("%s in its place is left alone", async (_what, make, says) => {
    using folder = createFolder();
    const path = folder.at("relay.sock");
    make(path);

    const { code, stderr } = await start(path);

    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(existsSync(path)).toBe(true);
  });

  test("of a program that listens is left alone", async () => {
    using folder = createFolder();
    const path = folder.at("other.sock");
    const other = createServer().listen(path);
    await once(other, "listening");

    const flag = await start(path);
    const variable = await runCommand(["start", "--mock"], { env: { RELAY_SOCKET: path } });
    other.close();

    expect(flag.code).toBe(2);
    expect(variable.code).toBe(3);
    for (const { stderr } of [flag, variable]) expect(stderr).toMatch(/another program listens/);
    expect(variable.stderr).toContain("RELAY_SOCKET");
  });

  test.runIf(process.getuid?.() === 0)(
    "of another user is left alone, and cannot be opened",
    async () => {
      using folder = createFolder();
      chmodSync(folder.path, 0o777);
      const path = folder.at("theirs.sock");
      const listen = `require("node:net").createServer().listen(process.argv[1], () => process.exit())`;
      const as = `const { uid, args } = JSON.parse(process.argv[1]); process.setgid(uid); process.setuid(uid);`;
      const say = (uid: number, code: string, ...args: string[]) =>
        startProgram(
          process.execPath,
          ["-e", `${as} process.argv[1] = args[0]; ${code}`, JSON.stringify({ uid, args })],
          { cwd: "/" },
        ).ended;
      await say(
        65_533,
        `${listen}.on("listening", () => process.kill(process.pid, "SIGKILL"))`,
        path,
      );
      const { stderr } = await start(path);

      const ours = folder.at("ours.sock");
      await using _relay = await startRelay({ mock: true, socket: ours });
      const dial = `require("node:net").connect(process.argv[1]).on("error", ({ code }) => console.log(code))`;
      const { stdout } = await say(65_533, dial, ours);

      expect(stderr).toContain("another user (65533)");
      expect(stdout).toBe("EACCES\n");
    },
  );

  test("whose path is too long is refused with the length that is not", async () => {
    using folder = createFolder();
    const path = folder.at("x".repeat(110));

    const { code, stderr } = await start(path);

    expect(code).toBe(2);
    expect(stderr).toContain(`it has ${path.length} bytes`);
    expect(stderr).toMatch(/10[37] at most/);
  });
});

describe("the commands", () => {
  test("start says how to reach it, check and curl do", async () => {
    using folder = createFolder();
    const socket = folder.at("it's here.sock");
    await using relay = startCommand(["start", "--mock", "--socket", socket]);
    const [, where] = await relay.until("stdout", /^(unix:.*)\n/);

    const [, line] = (await relay.until(
      "stderr",
      /^ {2}(curl --unix-socket .*)$/m,
    )) as RegExpExecArray;
    const pasted = await startProgram("bash", ["-c", `${line} -sS`]).ended;
    const check = await runCommand(["check", "--relay", where!]);
    const curl = await runCommand(["curl", "/v1/models", "--relay", where!]);
    const gone = await runCommand(["curl", "/v1/models", "--relay", `unix://${folder.at("no")}`]);

    expect(where).toBe(`unix:${socket}`);
    expect(JSON.parse(pasted.stdout).object).toBe("list");
    expect(check.stdout).toMatch(/✓ relay .* serves/);
    expect(JSON.parse(curl.stdout).object).toBe("list");
    expect(gone.code).toBe(7);
  });

  test("--json names the socket and no port", async () => {
    using folder = createFolder();
    const socket = folder.at("relay.sock");
    await using relay = startCommand(["start", "--mock", "--socket", socket, "--json", "--quiet"]);

    const [line] = await relay.until("stdout", /^.*\n/);

    const told = JSON.parse(line);
    expect(told).toMatchObject({ url: "http://localhost/v1", socket });
    expect(told).not.toHaveProperty("port");
  });

  test("what a wide bind listens on is told as an address that can be called", async () => {
    const env = { RELAY_TOKENS: "0123456789-abcdefghij" };
    await using relay = startCommand(["start", "--mock", "--port", "0", "--host", "0.0.0.0"], {
      env,
    });

    const [, url] = await relay.until("stdout", /^(http:\/\/127\.0\.0\.1:\d+\/v1)\n/);
    const headers = { authorization: `Bearer ${env.RELAY_TOKENS}` };

    expect((await fetch(`${url}/models`, { headers })).status).toBe(200);
    expect(relay.stderr).toContain("every address");
  });

  test("a host that is none of this machine is named with where it was set", async () => {
    const env = { RELAY_TOKENS: "0123456789-abcdefghij" };
    const flag = await runCommand(["start", "--mock", "--host", "192.0.2.1"], { env });
    const variable = await runCommand(["start", "--mock"], {
      env: { ...env, RELAY_HOST: "192.0.2.1" },
    });

    expect(flag.code).toBe(2);
    expect(variable.code).toBe(3);
    expect(flag.stderr).toMatch(/"host" is "192\.0\.2\.1" \(flag --host\)/);
    expect(variable.stderr).toMatch(/"host" is "192\.0\.2\.1" \(env RELAY_HOST\)/);
  });
});

function start(socket: string): Promise<Ended> {
  return runCommand(["start", "--mock", "--socket", socket]);
}
