import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

// Pictures of the inspector for the README: of calls that the mock has answered, as Chromium draws them.

const root = join(import.meta.dirname, "..");
const relay = join(root, "bin/openai-relay.cjs");
const home = mkdtempSync(join(tmpdir(), "relay-pictures-"));
const env = { PATH: process.env.PATH, HOME: home };

const script = join(home, "answers.json");
const text =
  "Pack layers. Oslo in late November is cold and dark: expect −4 to 2 °C, light snow on Tuesday, and sunset before 16:00.\n\nBring a windproof coat, thermal base layers, boots with grip, gloves and a hat. A reflector is customary there, and sensible.";
writeFileSync(
  script,
  JSON.stringify({
    version: 1,
    answers: [
      {
        when: { text: "Oslo" },
        text,
        toolCalls: [{ name: "get_weather", arguments: { city: "Oslo", days: 3 } }],
        delay: "12ms",
      },
      {
        when: { text: "limit" },
        error: { status: 429, message: "Rate limit reached", code: "rate_limit_exceeded" },
      },
    ],
  }),
);

const flags = ["--mock", "--capture", "--no-config", "--port", "0", "--log-level", "silent"];
const started = spawn(
  process.execPath,
  [relay, "start", ...flags, "--mock-script", script, "--mock-latency", "140ms"],
  { env, stdio: ["ignore", "pipe", "inherit"] },
);
const [printed] = (await once(started.stdout, "data")) as [Buffer];
const base = printed.toString().trim();

const say = (model: string, input: string, stream: boolean, tag?: string) =>
  post("/responses", { model, input, stream, instructions: "Answer briefly." }, tag);
for (let n = 0; n < 4; n++) {
  await post("/embeddings", { model: "text-embedding-3-large", input: `Chapter ${n}` }, "nightly");
  await say("gpt-5-mini", `Summarize chapter ${n} in a sentence`, n % 2 === 0, "nightly");
  const messages = [{ role: "user", content: "Say hello" }];
  await post("/chat/completions", { model: "gpt-4.1", messages, stream: n % 2 === 1 });
}
await post("/images/generations", { model: "gpt-image-1", prompt: "A calm gradient" });
await say("gpt-5", "What is my limit?", false);
await say("gpt-5", "What should I pack for three days in Oslo next week?", true, "docs");

const options = { env, encoding: "utf8" as const };
const { port } = new URL(base);
const link = execFileSync(process.execPath, [relay, "open", "--print", "--port", port], options);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN ?? findChromium(),
});
const page = await browser.newPage({ viewport: { width: 1280, height: 680 } });
await page.goto(link.trim());
await page.locator("#calls .row").first().click();
await page.getByText("A reflector is customary").waitFor();
await draw("inspector-message", "light");
await page.getByRole("tab", { name: "Timeline" }).click();
await page.getByRole("list", { name: "Phases" }).waitFor();
await draw("inspector-timeline", "dark");
await browser.close();
started.kill();
await once(started, "exit");
rmSync(home, { recursive: true });

async function post(path: string, body: object, tag?: string): Promise<void> {
  const headers = { "content-type": "application/json", ...(tag && { "x-relay-tag": tag }) };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  await (await fetch(base + path, init)).arrayBuffer();
}

async function draw(name: string, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.screenshot({ path: join(root, ".github/pictures", `${name}.png`) });
}

function findChromium(): string {
  return execFileSync("sh", ["-c", "command -v chromium chromium-browser | head -1"], {
    encoding: "utf8",
  }).trim();
}
