import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Call } from "../src/journal/call.ts";
import { openReader, type Reader } from "../src/journal/reader.ts";
import { type Running, runCommand, startCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

// Each test starts processes, and CI machines are slow.
vi.setConfig({ testTimeout: 30_000 });

let upstream: Upstream;
let folder: Folder;

beforeAll(async () => {
  folder = createFolder();
  upstream = await startUpstream((req, res) => {
    req.resume();
    const { pathname, searchParams } = new URL(req.url!, "http://x");
    if (pathname === "/v1/flood") {
      const slice = Buffer.alloc(65_536, "data: x\n\n");
      let left = Number(searchParams.get("slices"));
      const more = () => {
        while (left-- > 0) if (!res.write(slice)) return;
        if (left < 0) res.end();
      };
      res.setHeader("content-type", "text/event-stream");
      res.on("drain", more);
      more();
    } else if (pathname === "/v1/open") res.write("data: 1\n\n");
    else res.setHeader("content-type", "application/json").end("{}");
  });
});

afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

type Started = { relay: Running; url: string; pid: number };

/** A relay with its state in `home`. */
async function start(home: string, ...flags: string[]): Promise<Started> {
  const args = ["start", "--port", "0", "--quiet", "--json", "--upstream", upstream.url, ...flags];
  const relay = startCommand(args, { env: environment(home) });
  const [line] = await relay.until("stdout", /^\{.*\n/);
  const { url, pid } = JSON.parse(line);
  return { relay, url, pid };
}

function environment(home: string) {
  return { XDG_STATE_HOME: folder.at(home), OPENAI_API_KEY: "sk-test-journal-process" };
}

const fileOf = (home: string) => folder.at(`${home}/openai-relay/journal.db`);

/** Looks until there is something to see; others write the journal. */
async function read<T>(home: string, look: (reader: Reader) => T | undefined): Promise<T> {
  return vi.waitFor(
    () => {
      const reader = openReader(fileOf(home));
      try {
        const found = look(reader);
        if (found === undefined || found === false) throw new Error("not yet");
        return found;
      } finally {
        reader.close();
      }
    },
    { timeout: 10_000, interval: 20 },
  );
}

const all = (reader: Reader) => reader.list({}, { limit: 10_000 });

describe("relays and their journal", () => {
  test("write into one file, and what one leaves behind when it is killed the next one ends", async () => {
    const one = await start("shared");
    const two = await start("shared");
    await using first = one.relay;
    await using second = two.relay;
    const each = Array.from({ length: 50 }, (_, i) => fetch(`${[one, two][i % 2]!.url}/models`));
    await Promise.all(each.map(async (response) => (await response).text()));
    const stuck = await fetch(`${one.url}/open`, { headers: { "x-relay-tag": "stuck" } });
    await stuck.body!.getReader().read();
    const running = await read("shared", (reader) => {
      const [call] = reader.list({ isRunning: true }, { limit: 1 });
      return all(reader).length === 51 && call?.slices === 1 ? call : undefined;
    });
    first.child.kill("SIGKILL");
    await first.ended;
    // Of the other one nothing is lost.
    const third = await start("shared");
    await using again = third.relay;
    await (await fetch(`${third.url}/models`)).text();

    const call = await read("shared", (reader) => {
      const found = reader.find(running.id);
      return found?.ending ? found : undefined;
    });
    expect(running).toMatchObject({ tag: "stuck", status: 200, relay: { pid: one.pid } });
    expect(call).toMatchObject({ ending: "lost", relay: { url: one.url } });
    const calls = await read("shared", (reader) => {
      const found = all(reader);
      return found.length === 52 && found.every(({ ending }) => ending) ? found : undefined;
    });
    expect(calls.filter(({ ending }) => ending === "complete")).toHaveLength(51);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(52);
    expect(statSync(fileOf("shared")).mode & 0o777).toBe(0o600);
    expect(statSync(folder.at("shared/openai-relay")).mode & 0o777).toBe(0o700);
    again.child.kill("SIGTERM");
    second.child.kill("SIGTERM");
    expect([(await again.ended).code, (await second.ended).code]).toEqual([0, 0]);
  });

  test("lose at most a moment to a kill, and never the file", async () => {
    const { relay, url } = await start("killed", "--capture");
    await using _ = relay;
    // Its thread is there.
    await (await fetch(`${url}/models`)).text();
    await read("killed", (reader) => all(reader)[0]);
    const answered: number[] = [];
    let isOver = false;
    const load = async () => {
      while (!isOver) {
        const response = await fetch(`${url}/models`).catch(() => undefined);
        if (!response) return;
        await response.text().catch(() => {});
        answered.push(performance.now());
      }
    };
    const clients = Array.from({ length: 8 }, load);
    await vi.waitUntil(() => answered.length > 400, { timeout: 15_000 });
    relay.child.kill("SIGKILL");
    const killedAt = performance.now();
    await relay.ended;
    isOver = true;
    await Promise.all(clients);

    const older = answered.filter((at) => at < killedAt - 1_000).length;
    const reader = openReader(fileOf("killed"));
    const calls = reader.list({ status: "200" }, { limit: 100_000 });
    reader.close();
    expect(calls.length).toBeGreaterThanOrEqual(older);
    expect(calls.length).toBeGreaterThan(0);
    const checked = await runCommand(["journal", "vacuum"], { env: environment("killed") });
    expect(checked).toMatchObject({ code: 0, stderr: "" });
  });

  test("need no more memory for an endless stream, though all of it passes the journal", async () => {
    const { relay, url, pid } = await start("flood", "--capture", "--capture-body", "1mb");
    await using _ = relay;
    const flood = async (slices: number) => {
      const response = await fetch(`${url}/flood?slices=${slices}`);
      let size = 0;
      for await (const chunk of response.body!) size += chunk.length;
      return size;
    };
    const memory = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);

    await flood(500);
    const before = process.platform === "linux" ? memory() : 0;
    expect(await flood(2_000)).toBe(2_000 * 65_536);

    if (process.platform === "linux") expect(memory() - before).toBeLessThan(48 * 1024);
    const call = await read("flood", (reader) =>
      all(reader).find(({ seq, ending }) => seq === 2 && ending),
    );
    expect(call).toMatchObject({ ending: "complete", bytesOut: 2_000 * 65_536 });
    const { slices } = await read("flood", (reader) => reader.slices(call.seq, "answered"));
    expect(slices.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(1024 ** 2);
  });
});

describe("no journal is written", () => {
  const script =
    'fetch(process.env.OPENAI_BASE_URL + "/models", { headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY } }).then((res) => res.text())';
  const ran = (...flags: string[]) => {
    const own = ["run", "--quiet", "--upstream", upstream.url, ...flags];
    return [...own, "--", process.execPath, "-e", script, "purple", "sk-secretsecretsecret1"];
  };

  test("with --no-journal, nor by relay run unless asked for", async () => {
    const { relay, url } = await start("none", "--no-journal");
    await (await fetch(`${url}/models`)).text();
    relay.child.kill("SIGTERM");
    await relay.ended;
    expect(await runCommand(ran(), { env: environment("none") })).toMatchObject({ code: 0 });

    expect(readdirSync(folder.path)).not.toContain("none");
  });

  test("for good by workers that forget it at the end", async () => {
    const tmp = folder.at("tmp");
    mkdirSync(tmp);
    const flags = ["--port", "0", "--quiet", "--workers", "2", "--journal-file", ":memory:"];
    const env = { ...environment("forgotten"), TMPDIR: tmp };
    const args = ["start", "--upstream", upstream.url, ...flags];
    await using relay = startCommand(args, { env });
    const [, url] = await relay.until("stdout", /^(http.*)\n/);
    await (await fetch(`${url}/models`)).text();

    const [temporary] = readdirSync(tmp);
    await vi.waitUntil(() => existsSync(join(tmp, temporary!, "journal.db")), 10_000);
    relay.child.kill("SIGTERM");
    expect((await relay.ended).code).toBe(0);
    expect(readdirSync(tmp)).toEqual([]);
    expect(readdirSync(folder.path)).not.toContain("forgotten");
  });

  test("but relay run --journal does, and says which command it was", async () => {
    const end = await runCommand(ran("--journal"), { env: environment("asked") });

    expect(end).toMatchObject({ code: 0, stderr: "" });
    const [call] = (await read("asked", all)) as [Call];
    expect(call).toMatchObject({ path: "/v1/models", ending: "complete" });
    expect(call.relay.command).toBe("node -e … purple …");
  });
});
