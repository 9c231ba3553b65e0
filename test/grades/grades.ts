import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { GradeReport } from "../../src/grade/report.ts";
import { startCommand } from "../support/command.ts";
import { type Client, findClients } from "./clients.ts";
import { describeFaults, describeResults, type Results } from "./page.ts";
import { tried } from "./tried.ts";

// Grades clients against the catalogue of faults, on the mock, and writes .github/faults.md.

const root = join(import.meta.dirname, "../..");
const { values } = parseArgs({ options: { fault: { type: "string", multiple: true } } });

/** Seconds after which a client that still waits is stopped. */
const patience = 25;

const clients = findClients();
const results: Results = { clients: clients.map(({ name }) => name), rows: [] };
for (const fault of values.fault ?? tried) {
  const reports = await Promise.all(clients.map((client) => grade(client, fault)));
  results.rows.push([fault, reports]);
  process.stderr.write(`${fault}: ${reports.map((report) => report?.ok ?? "?").join(", ")}\n`);
}

const page = `# Faults, and how clients bear them

Made by \`npm run grades\`, which anyone can run: each client makes one streamed call through
\`relay run --mock --fault …\` for each fault. \`CODEX_BIN\` names a Codex to grade too; but for the last row it does
without WebSockets.

${describeFaults()}

## The grades

Of one call, with everything else at its default: what a client can be told to do besides is not graded.

✓ passed, ✗ failed, ? cannot be seen from outside (a client that waits for ever is stopped after ${patience} s), – no
occasion.

${describeResults(results)}`;
if (values.fault) process.stdout.write(describeResults(results));
else writeFileSync(join(root, ".github/faults.md"), page);

async function grade({ command }: Client, fault: string): Promise<GradeReport | undefined> {
  // Codex would go round the faults of streams.
  const way = fault.startsWith("ws-") ? [] : ["--no-websocket"];
  const args = ["run", "--mock", "--no-config", "--json", ...way, "--fault", fault];
  await using running = startCommand([...args, "--", ...command]);
  running.child.stdin!.end();
  const timer = setTimeout(() => running.child.kill("SIGTERM"), patience * 1_000);
  const { stderr } = await running.ended;
  clearTimeout(timer);
  const line = stderr.split("\n").findLast((text) => text.startsWith('{"version":'));
  return line === undefined ? undefined : JSON.parse(line);
}
